"""The baseline of a press: a bare aiohttp client that makes the same HTTP requests to the same stand-ins, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import aiohttp

from bench.lines import Parent

_BUTTON_ROW = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Get my link", "custom_id": "bare"}]}


class Trips:
    """The requests of one press, made one after the other over connections that stay open."""

    def __init__(self, session: aiohttp.ClientSession, stand_ins: Mapping[str, Any]) -> None:
        self._session = session
        self._at = stand_ins
        self._numbers = itertools.count()
        self._zoom: dict[str, str] = {}
        self._meeting = ""

    async def prepare(self) -> Mapping[str, Any]:
        """Post the message with the button, get a token from Zoom and create a meeting with registration."""
        at = self._at
        channel = f"{at['bare_api']}/channels/{at['bare_channel']}/messages"
        message = {"components": [_BUTTON_ROW], "content": "Choir practice"}
        await self._sent("POST", channel, message, {"Authorization": f"Bot {at['bare_token']}"})
        grant = {"grant_type": "account_credentials", "account_id": at["bare_account_id"]}
        login = aiohttp.BasicAuth("bare", "bare-secret")
        async with self._session.post(f"{at['zoom_oauth']}/token", data=grant, auth=login) as response:
            self._zoom = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
        starts = f"{datetime.now(UTC) + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
        meeting = {"topic": "Choir", "type": 2, "start_time": starts, "duration": 240, "settings": {"approval_type": 1}}
        hosted = f"{at['zoom_api']}/users/{at['bare_host']}/meetings"
        self._meeting = str(json.loads(await self._sent("POST", hosted, meeting, self._zoom))["id"])
        return {}

    async def go(self, trips: list[dict[str, Any]], id: str, token: str) -> Mapping[str, Any]:
        """Make the requests; milliseconds from before the first to after the last answer was read."""
        names = {"{id}": id, "{token}": token, "{application}": self._at["bare_application"]}
        names["{meeting}"] = self._meeting
        number = next(self._numbers)
        began = perf_counter()
        for trip in trips:
            path = "/".join(names.get(part, part) for part in trip["path"].split("/"))
            if trip["service"] == "zoom":
                body = {**trip["body"], "email": f"bare-{number}@guests.choir.example"}
                await self._sent(trip["method"], self._at["zoom_api"] + path, body, self._zoom)
            else:
                await self._sent(trip["method"], self._at["bare_api"] + path, trip["body"], {}, trip["query"])
        return {"ms": (perf_counter() - began) * 1000}

    @property
    def meeting(self) -> str:
        """Zoom's number of the meeting that `prepare` made."""
        return self._meeting

    async def acknowledge(self, id: str, token: str, answer: Mapping[str, Any]) -> None:
        """Answer an interaction."""
        await self._sent("POST", f"{self._at['bare_api']}/interactions/{id}/{token}/callback", answer, {})

    async def look(self) -> None:
        """Read the meeting."""
        await self._sent("GET", f"{self._at['zoom_api']}/meetings/{self._meeting}", None, self._zoom)

    async def remove(self, participant_uuid: str) -> None:
        """Have somebody put out of the meeting."""
        act = {"method": "participant.remove", "params": {"participant_uuid": participant_uuid}}
        await self._sent("PATCH", f"{self._at['zoom_api']}/live_meetings/{self._meeting}/events", act, self._zoom)

    async def _sent(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
    ) -> bytes:
        async with self._session.request(method, url, json=body, headers=headers, params=query) as response:
            answer = await response.read()
            if response.status >= 400:
                raise RuntimeError(f"{method} {url}: {response.status} {answer[:300]!r}")
            return answer


async def main() -> None:
    """Make trips until the parent goes."""
    parent = await Parent.opened()
    stand_ins = await parent.config()
    async with aiohttp.ClientSession() as session:
        trips = Trips(session, stand_ins)
        parent.say_ready()
        await parent.serve({"prepare": trips.prepare, "go": trips.go})


if __name__ == "__main__":
    asyncio.run(main())
