"""No link, passcode, token or address reaches a log line or an exception's text, whatever goes wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import structlog

from bot.adapters.zoom.tokens import account_token_request
from bot.domain.errors import VestibuleError
from bot.domain.values import RegistrantId, Secret, ZoomMeetingId
from tests.adapters.zoom_world import (
    CLIENT_SECRET,
    HOST_ADDRESS,
    LINK,
    MEMBER_ADDRESS,
    ZoomWorld,
    zoom_world,
)

FAULTS = ["reset", "timeout", "status", "rate_limited", "malformed", "apply_then_timeout", "apply_then_reset"]
ECHO = (
    '{"code":300,"message":"Invalid: ana@example.org https://us02web.zoom.us/w/1?tk=tk-canary",'
    '"errors":[{"field":"x?tk=tk-canary","message":"pwd-canary"}]}'
)


@pytest.mark.parametrize("kind", [None, *FAULTS, "echo"])
async def test_logs_and_exceptions_hold_no_secret(kind: str | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    texts: list[str] = []
    with structlog.testing.capture_logs() as events:
        async with zoom_world() as world:
            created = await world.client.create_meeting(LINK, world.request())
            registered = await world.client.add_registrant(LINK, created.zoom_id, MEMBER_ADDRESS, "Ben·K7F")
            if kind == "echo":
                world.stand_in.faults.add(
                    ("*", "/v2/"), "status", times=None, status=400, body=ECHO, content_type="application/json"
                )
            elif kind is not None:
                world.stand_in.faults.add(("*", ".*"), kind, times=None)  # type: ignore[arg-type]
            for operation in operations(world, created.zoom_id, registered.registrant_id):
                texts += await complaint(operation)
            hidden = {*world.stand_in.secrets(), HOST_ADDRESS, MEMBER_ADDRESS, CLIENT_SECRET, created.zoom_id}

    seen = "\n".join([*map(str, events), caplog.text, *texts])
    assert len(events) > 10
    assert texts
    assert [secret for secret in hidden if secret in seen] == []
    assert "canary" not in seen


def operations(world: ZoomWorld, zoom_id: ZoomMeetingId, who: RegistrantId) -> list[Callable[[], Awaitable[object]]]:
    """Everything the client can do, wrong ones included."""
    client, oauth = world.client, world.oauth
    return [
        lambda: client.users(LINK),
        lambda: client.user(LINK, HOST_ADDRESS),
        lambda: client.user(LINK, MEMBER_ADDRESS),
        lambda: client.create_meeting(LINK, world.request()),
        lambda: client.create_meeting(LINK, world.request(topic="x" * 300)),
        lambda: client.find_meetings(LINK, world.host_id, "vestibule:"),
        lambda: client.read_meeting(LINK, zoom_id, world.host_id),
        lambda: client.add_registrant(LINK, zoom_id, MEMBER_ADDRESS, "Ben·K7F"),
        lambda: client.add_registrant(LINK, zoom_id, "not an address", "Ben·K7F"),
        lambda: client.find_registrant(LINK, zoom_id, MEMBER_ADDRESS),
        lambda: client.cancel_registrants(LINK, zoom_id, [(who, MEMBER_ADDRESS)]),
        lambda: client.invite_link(LINK, zoom_id, "Ben·K7F", timedelta(hours=1)),
        lambda: client.delete_meeting(LINK, zoom_id),
        lambda: client.read_meeting(LINK, zoom_id, world.host_id),
        lambda: oauth.account_token(world.account.id),
        lambda: oauth.account_token("wrong-account"),
    ]


async def complaint(operation: Callable[[], Awaitable[object]]) -> list[str]:
    """What somebody would see who logs the exception, its causes included."""
    try:
        await operation()
    except VestibuleError as error:
        return [str(error), repr(error), *traceback.format_exception(error)]
    return []


def test_secrets_that_go_into_requests_are_masked_in_their_repr() -> None:
    assert CLIENT_SECRET not in repr(account_token_request("id", Secret(CLIENT_SECRET), "account"))
