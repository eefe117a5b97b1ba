"""The network side of Zoom's REST API: sends what `protocol` builds, for the port `MeetingProvider`.

A read, a deletion, a call that was never sent and one that Zoom refused for its limits are repeated, within limits. A write whose answer
was lost is never repeated: it is `OutcomeUnknown`, and `find_meetings` and `find_registrant` tell what became of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta

import aiohttp

from bot.adapters.zoom import parsing, protocol, room
from bot.adapters.zoom.account_settings import read_account_safety
from bot.adapters.zoom.pacing import Pacer
from bot.adapters.zoom.parsing import JsonObject
from bot.adapters.zoom.protocol import RegistrantAction, RegistrantStatus, ZoomRequest
from bot.adapters.zoom.refusals import MEETING_GONE, REJECTED_TOKEN
from bot.adapters.zoom.transport import Deadline, Patience, repeated
from bot.adapters.zoom.wire import API_URL, Wire, understood
from bot.domain.account_safety import AccountSafety
from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.readback import RoomSettings
from bot.domain.values import JoinLink, LinkId, RegistrantId, SessionId, Token, ZoomMeetingId, ZoomUserId
from bot.domain.verdict import WaitingRoom
from bot.ports import (
    AccessTokens,
    Clock,
    CreatedMeeting,
    MeetingReading,
    MeetingRequest,
    Registered,
    ZoomUser,
)

_MAX_PAGES = 200


class ZoomClient:
    """Zoom as a `MeetingProvider`.

    Args:
        session: shared; this class neither opens nor closes it.
        tokens: current access tokens of linked accounts.
        pacer: keeps the accounts below their limits.
        clock: for the waits, and for limits that end at midnight.
        api_url: without a slash at the end.
        patience: see there.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: AccessTokens,
        pacer: Pacer,
        clock: Clock,
        api_url: str = API_URL,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._tokens = tokens
        self._pacer = pacer
        self._clock = clock
        self._patience = patience
        self._wire = Wire(session, clock, api_url, patience)

    async def users(self, link_id: LinkId) -> Sequence[ZoomUser]:
        """The account's active users; the pacer learns the plan from them."""
        found: list[ZoomUser] = []
        async for page in self._pages(link_id, protocol.list_users()):
            found += parsing.parse_users(page)
        await self._pacer.learn(link_id, found)
        return found

    async def user(self, link_id: LinkId, key: str) -> ZoomUser:
        """One user by id or address. Raises `UserMistake` if the account has no such user."""
        request = protocol.read_user(key)
        return understood(request, parsing.parse_user(await self._call(link_id, request)))

    async def create_meeting(self, link_id: LinkId, request: MeetingRequest) -> CreatedMeeting:
        """Schedule a meeting."""
        call = protocol.create_meeting(request)
        return understood(call, parsing.parse_created(await self._call(link_id, call)))

    async def find_meetings(self, link_id: LinkId, host_id: ZoomUserId, marker: str) -> Sequence[ZoomMeetingId]:
        """The host's scheduled meetings whose agenda starts with `marker`."""
        found: list[ZoomMeetingId] = []
        async for page in self._pages(link_id, protocol.list_scheduled_meetings(host_id)):
            found += parsing.parse_marked_meetings(page, marker)
        return found

    async def read_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> MeetingReading:
        """The meeting as it is now, with what the host's settings add. Raises `UserMistake` "meeting_gone"."""
        request = protocol.read_meeting(zoom_id)
        meeting = await self._call(link_id, request)
        settings = await self._call(link_id, protocol.read_user_settings(host_id))
        security: JsonObject = {}
        if room.follows_account(meeting):
            security = await self._call(link_id, protocol.read_user_security(host_id))
        return understood(request, room.parse_reading(meeting, settings, security))

    async def host_settings(self, link_id: LinkId, host_id: ZoomUserId) -> RoomSettings:
        """What the host's account settings add to every meeting of theirs; None where Zoom does not say."""
        settings = await self._call(link_id, protocol.read_user_settings(host_id))
        security = await self._call(link_id, protocol.read_user_security(host_id))
        return room.read_host(settings, security)

    async def waiting_room(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> WaitingRoom:
        """Whether it is on, for everyone, and who may admit. Raises `UserMistake` "meeting_gone"."""
        meeting = await self._call(link_id, protocol.read_meeting(zoom_id))
        security = await self._call(link_id, protocol.read_user_security(host_id))
        return room.read_waiting_room(meeting, security)

    async def update_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId, request: MeetingRequest) -> None:
        """Make it what `request` says. Raises `UserMistake` "meeting_gone"."""
        await self._call(link_id, protocol.update_meeting(zoom_id, request))

    async def live_meetings(self, link_id: LinkId, host_id: ZoomUserId) -> Mapping[ZoomMeetingId, SessionId]:
        """The host's meetings that are live at this moment."""
        found: dict[ZoomMeetingId, SessionId] = {}
        async for page in self._pages(link_id, protocol.list_live_meetings(host_id)):
            found |= parsing.parse_live_meetings(page)
        return found

    async def account_safety(self, link_id: LinkId, user_id: ZoomUserId) -> AccountSafety:
        """What the user's settings allow participants in every meeting of theirs."""
        return read_account_safety(await self._call(link_id, protocol.read_user_settings(user_id)))

    async def delete_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        """Delete it without mails. One that is already gone counts as deleted."""
        await self._call_unless_gone(link_id, protocol.delete_meeting(zoom_id))

    async def add_registrant(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str, name: str) -> Registered:
        """Register one person, approved at once."""
        request = protocol.add_registrant(zoom_id, address, name)
        return understood(request, parsing.parse_registered(await self._call(link_id, request)))

    async def add_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, people: Sequence[tuple[str, str]]
    ) -> Mapping[str, Registered]:
        """Register up to 30 people (address, name) in one call, approved at once, without mail."""
        request = protocol.add_registrants(zoom_id, people)
        return parsing.parse_batch(await self._call(link_id, request))

    async def registrants(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> Mapping[str, Registered]:
        """Everybody approved or pending, by address."""
        found: dict[str, Registered] = {}
        for status in (RegistrantStatus.PENDING, RegistrantStatus.APPROVED):
            async for page in self._pages(link_id, protocol.list_registrants(zoom_id, status)):
                found |= parsing.parse_registrants(page)
        return found

    async def find_registrant(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str) -> Registered | None:
        """The approved or pending registrant with this address."""
        for status in (RegistrantStatus.APPROVED, RegistrantStatus.PENDING):
            async for page in self._pages(link_id, protocol.list_registrants(zoom_id, status)):
                if (found := parsing.parse_registrant(page, address)) is not None:
                    return found
        return None

    async def cancel_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]
    ) -> None:
        """Void the links of these registrants (id, address), 30 a call; where the meeting is gone, so are they."""
        for start in range(0, len(who), protocol.BATCH_SIZE):
            batch = who[start : start + protocol.BATCH_SIZE]
            await self._call_unless_gone(
                link_id, protocol.set_registrant_status(zoom_id, batch, RegistrantAction.CANCEL)
            )

    async def deny_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[RegistrantId]
    ) -> Sequence[RegistrantId]:
        """Refuse these registrants, 30 a call, and look whether Zoom did. Returns those it still lists as approved or waiting."""
        for start in range(0, len(who), protocol.BATCH_SIZE):
            batch = who[start : start + protocol.BATCH_SIZE]
            await self._call_unless_gone(link_id, protocol.deny_registrants(zoom_id, batch))
        listed: set[RegistrantId] = set()
        for status in (RegistrantStatus.APPROVED, RegistrantStatus.PENDING):
            async for page in self._pages(link_id, protocol.list_registrants(zoom_id, status)):
                listed |= parsing.parse_registrant_ids(page)
        return [registrant_id for registrant_id in who if registrant_id in listed]

    async def invite_link(self, link_id: LinkId, zoom_id: ZoomMeetingId, name: str, life: timedelta) -> JoinLink:
        """A link that anybody can pass on and that dies after `life`."""
        request = protocol.create_invite_link(zoom_id, name, life)
        return understood(request, parsing.parse_invite_link(await self._call(link_id, request)))

    async def _call_unless_gone(self, link_id: LinkId, request: ZoomRequest) -> None:
        try:
            await self._call(link_id, request)
        except UserMistake as mistake:
            if mistake.code != MEETING_GONE:
                raise

    def pages(self, link_id: LinkId, request: ZoomRequest) -> AsyncIterator[JsonObject]:
        """The pages of a list, for what reads lists of its own."""
        return self._pages(link_id, request)

    async def _pages(self, link_id: LinkId, request: ZoomRequest) -> AsyncIterator[JsonObject]:
        """The pages of a list, until the last, or until Zoom repeats itself."""
        seen: set[str] = set()
        token = ""
        while len(seen) < _MAX_PAGES:
            body = await self._call(link_id, request.page(token) if token else request)
            yield body
            token = parsing.next_page(body)
            if not token or token in seen:
                return
            seen.add(token)

    async def _call(self, link_id: LinkId, request: ZoomRequest) -> JsonObject:
        """Send it; once more with another token if Zoom rejects the one we have. The answer's object, empty where none is due."""
        deadline = Deadline(self._patience)
        token = await self._tokens.current(link_id)
        try:
            return await self._persist(link_id, request, token, deadline)
        except NeedsAttention as refused:
            if refused.code != REJECTED_TOKEN:
                raise
        token = await self._tokens.renewed(link_id, token)
        return await self._persist(link_id, request, token, deadline)

    async def _persist(self, link_id: LinkId, request: ZoomRequest, token: Token, deadline: Deadline) -> JsonObject:
        async def attempt() -> JsonObject:
            await self._pacer.wait(link_id, request.label, deadline.left())
            return await self._wire.send(link_id, request, token)

        return await repeated(attempt, patience=self._patience, deadline=deadline, sleep=self._clock.sleep)
