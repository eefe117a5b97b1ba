"""Stand-ins at the ports, for tests of the use cases: as strict as the port's promise, without sockets.

`FakeZoom` refuses what Zoom refuses (unlicensed hosts, a third add a day, unknown meetings) and can lose answers after having applied a write.
`FakeChat` keeps what each person and the public was shown.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.account_safety import AccountSafety
from bot.domain.community import ChannelFacts, MemberFacts, RoleFacts
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable, UserMistake
from bot.domain.readback import RoomSettings
from bot.domain.values import (
    ChannelId,
    GuildId,
    JoinLink,
    LinkId,
    MemberId,
    MessageId,
    Passcode,
    RegistrantId,
    RoleId,
    SessionId,
    ZoomMeetingId,
    ZoomUserId,
)
from bot.ports import (
    Announcement,
    CreatedMeeting,
    HostBrief,
    MeetingReading,
    MeetingRequest,
    Notice,
    OwnerAsk,
    ParsedTime,
    Registered,
    ZoomUser,
)

START = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until a test moves it; sleeping moves it."""

    def __init__(self, now: datetime = START) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


class SeededChance:
    """Repeatable chance."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._count = 0

    def new_id(self) -> str:
        self._count += 1
        return f"{self._count:026d}"

    def numbers(self, count: int) -> tuple[int, ...]:
        return tuple(self._random.getrandbits(32) for _ in range(count))

    def salt(self) -> bytes:
        return self._random.randbytes(16)

    def passcode(self) -> Passcode:
        return Passcode(f"Aa1-{self._random.getrandbits(20):06x}")


class IsoPhrases:
    """Reads ISO times only; zones are taken as they are."""

    def parse(self, phrase: str, *, zone: str, now: datetime) -> ParsedTime:
        try:
            at = now if phrase == "now" else datetime.fromisoformat(phrase)
        except ValueError:
            raise UserMistake("I cannot read that time.", code="time_unreadable") from None
        return ParsedTime(at.astimezone(UTC))

    def check_zone(self, name: str) -> str:
        return name


@dataclass
class ZoomMeeting:
    request: MeetingRequest
    link: JoinLink
    registrants: dict[str, Registered] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    adds: Counter[str] = field(default_factory=Counter)


class FakeZoom:
    """Zoom behind `MeetingProvider`. `lose` names operations whose next answer is lost after they were applied."""

    def __init__(self, *users: ZoomUser) -> None:
        self.people = {user.user_id: user for user in users}
        self.meetings: dict[ZoomMeetingId, ZoomMeeting] = {}
        self.overrides: dict[str, bool] = {}
        self.lose: Counter[str] = Counter()
        self.fail: dict[str, Exception] = {}
        self.hide_from_lists = 0
        self.safety = AccountSafety()
        self.invite_links_refused = False
        self.live: dict[ZoomMeetingId, SessionId] = {}
        self.denied: dict[RegistrantId, None] = {}
        self.denying_has_no_effect = False
        self.updates_unlock = True
        self.cancelling_has_no_effect = False
        self.lose_before: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.slow: dict[str, asyncio.Event] = {}
        self._next = 90_000_000_000

    async def users(self, link_id: LinkId) -> Sequence[ZoomUser]:
        return list(self.people.values())

    async def user(self, link_id: LinkId, key: str) -> ZoomUser:
        await self._enter("user")
        for user in self.people.values():
            if key in (user.user_id, user.email):
                return user
        raise UserMistake("Zoom does not know that user.", code="zoom_user_unknown")

    async def create_meeting(self, link_id: LinkId, request: MeetingRequest) -> CreatedMeeting:
        await self._enter("create")
        self._next += 1
        zoom_id = ZoomMeetingId(str(self._next))
        meeting = ZoomMeeting(request, JoinLink(f"https://us02web.zoom.us/j/{zoom_id}?pwd=plain-{zoom_id}"))
        self.meetings[zoom_id] = meeting
        self._maybe_lose("create")
        return CreatedMeeting(zoom_id, meeting.link, request.passcode)

    async def find_meetings(self, link_id: LinkId, host_id: ZoomUserId, marker: str) -> Sequence[ZoomMeetingId]:
        await self._enter("find_meetings")
        if self.hide_from_lists > 0:
            self.hide_from_lists -= 1
            return []
        return [key for key, m in self.meetings.items() if m.request.marker == marker and m.request.host_id == host_id]

    async def read_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId, host_id: ZoomUserId) -> MeetingReading:
        await self._enter("read")
        meeting = self._meeting(zoom_id)
        settings = replace(meeting.request.settings, **self.overrides)
        if not self.people[host_id].licensed:
            settings = replace(settings, registration=False)
        return MeetingReading(
            settings,
            CreatedMeeting(zoom_id, meeting.link, meeting.request.passcode),
            meeting.request.starts_at,
            meeting.request.topic,
            meeting.request.duration,
        )

    async def update_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId, request: MeetingRequest) -> None:
        await self._enter("update")
        meeting = self._meeting(zoom_id)
        self._maybe_lose_before("update")
        meeting.request = request
        if self.updates_unlock:
            self.overrides.clear()
        self._maybe_lose("update")

    async def live_meetings(self, link_id: LinkId, host_id: ZoomUserId) -> Mapping[ZoomMeetingId, SessionId]:
        await self._enter("live")
        return dict(self.live)

    async def deny_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[RegistrantId]
    ) -> Sequence[RegistrantId]:
        await self._enter("deny")
        self.denied.update({} if self.denying_has_no_effect else dict.fromkeys(who))
        return [registrant for registrant in who if registrant not in self.denied]

    async def account_safety(self, link_id: LinkId, user_id: ZoomUserId) -> AccountSafety:
        await self._enter("safety")
        return self.safety

    async def delete_meeting(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> None:
        await self._enter("delete")
        self.meetings.pop(zoom_id, None)
        self._maybe_lose("delete")

    async def add_registrant(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str, name: str) -> Registered:
        await self._enter("add")
        meeting = self._meeting(zoom_id)
        if meeting.request.settings != RoomSettings() and not meeting.request.settings.registration:
            raise NeedsAttention("Registration is off.", code="zoom_registration_off")
        meeting.adds[address] += 1
        if meeting.adds[address] > 3:
            raise Transient("Three a day.", code="zoom_daily_adds")
        self._register(zoom_id, meeting, address)
        self._maybe_lose("add")
        return meeting.registrants[address]

    async def add_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, people: Sequence[tuple[str, str]]
    ) -> Mapping[str, Registered]:
        await self._enter("batch")
        assert len(people) <= 30
        meeting = self._meeting(zoom_id)
        if any(meeting.adds[address] >= 3 for address, _ in people):
            raise Transient("Three a day.", code="zoom_daily_adds")
        self._maybe_lose_before("batch")
        for address, _ in people:
            meeting.adds[address] += 1
            self._register(zoom_id, meeting, address)
        self._maybe_lose("batch")
        return {address: meeting.registrants[address] for address, _ in people}

    async def registrants(self, link_id: LinkId, zoom_id: ZoomMeetingId) -> Mapping[str, Registered]:
        await self._enter("registrants")
        meeting = self._meeting(zoom_id)
        return {key: each for key, each in meeting.registrants.items() if key not in meeting.cancelled}

    async def find_registrant(self, link_id: LinkId, zoom_id: ZoomMeetingId, address: str) -> Registered | None:
        await self._enter("find_registrant")
        return self._meeting(zoom_id).registrants.get(address)

    async def cancel_registrants(
        self, link_id: LinkId, zoom_id: ZoomMeetingId, who: Sequence[tuple[RegistrantId, str]]
    ) -> None:
        await self._enter("cancel_registrants")
        if not self.cancelling_has_no_effect:
            self._meeting(zoom_id).cancelled.update(address for _, address in who)
        self._maybe_lose("cancel_registrants")

    async def invite_link(self, link_id: LinkId, zoom_id: ZoomMeetingId, name: str, life: timedelta) -> JoinLink:
        await self._enter("invite_link")
        if self.invite_links_refused:
            raise NeedsAttention("Not here.", code="zoom_refused")
        self.calls["life_seconds"] = int(life.total_seconds())
        return JoinLink(f"https://us02web.zoom.us/j/{zoom_id}?tk=invite-{self.calls['invite_link']}")

    def valid_links(self, zoom_id: ZoomMeetingId) -> set[str]:
        """Every personal link that opens the door."""
        meeting = self.meetings[zoom_id]
        return {
            registered.link.reveal()
            for address, registered in meeting.registrants.items()
            if address not in meeting.cancelled and registered.link is not None
        }

    def _register(self, zoom_id: ZoomMeetingId, meeting: ZoomMeeting, address: str) -> None:
        if address not in meeting.registrants:
            number = len(meeting.registrants) + 1
            link = JoinLink(f"https://us02web.zoom.us/w/{zoom_id}?tk=registrant-{number}-{zoom_id}")
            meeting.registrants[address] = Registered(RegistrantId(f"R{number}"), link)

    def _meeting(self, zoom_id: ZoomMeetingId) -> ZoomMeeting:
        if zoom_id not in self.meetings:
            raise UserMistake("Zoom has no such meeting.", code="meeting_gone")
        return self.meetings[zoom_id]

    async def _enter(self, operation: str) -> None:
        self.calls[operation] += 1
        if operation in self.slow:
            await self.slow[operation].wait()
        if operation in self.fail:
            raise self.fail[operation]

    def _maybe_lose_before(self, operation: str) -> None:
        """The request itself is lost: nothing is applied."""
        if self.lose_before[operation] > 0:
            self.lose_before[operation] -= 1
            raise OutcomeUnknown("No answer.", code="zoom_no_answer")

    def _maybe_lose(self, operation: str) -> None:
        if self.lose[operation] > 0:
            self.lose[operation] -= 1
            raise OutcomeUnknown("No answer.", code="zoom_no_answer")


class FakeChat:
    """Discord behind `Chat`."""

    def __init__(self) -> None:
        self.members: dict[MemberId, MemberFacts] = {}
        self.known_roles: dict[RoleId, RoleFacts] = {}
        self.channels: dict[ChannelId, ChannelFacts] = {}
        self.posts: dict[MessageId, list[Announcement]] = {}
        self.once: dict[str, MessageId] = {}
        self.notices: list[tuple[Notice, Announcement]] = []
        self.briefs: list[tuple[MemberId, HostBrief]] = []
        self.owners_asked: list[tuple[MemberId, OwnerAsk]] = []
        self.closed: set[MemberId] = set()
        self.fail: dict[str, Exception] = {}
        self.audit_log = True
        self.heard = False

    async def member(self, guild_id: GuildId, member_id: MemberId) -> MemberFacts | None:
        return self.members.get(member_id)

    def hears_changes(self, guild_id: GuildId) -> bool:
        return self.heard

    async def announce(self, announcement: Announcement, *, once_key: str) -> MessageId:
        self._maybe_fail("announce")
        if once_key not in self.once:
            self.once[once_key] = MessageId(1000 + len(self.posts))
            self.posts[self.once[once_key]] = [announcement]
        return self.once[once_key]

    async def update_announcement(self, announcement: Announcement, message_id: MessageId) -> None:
        self._maybe_fail("update")
        if message_id not in self.posts:
            raise Undeliverable("That message was deleted.", code="message_gone")
        self.posts[message_id].append(announcement)

    async def post_notice(self, notice: Notice, announcement: Announcement, *, once_key: str) -> None:
        if once_key not in self.once:
            self.once[once_key] = MessageId(0)
            self.notices.append((notice, announcement))

    async def brief_host(self, member_id: MemberId, brief: HostBrief) -> None:
        self._maybe_fail("brief")
        if member_id in self.closed:
            raise Undeliverable("Takes no messages.", code="dm_closed")
        self.briefs.append((member_id, brief))

    async def ask_owner(self, member_id: MemberId, ask: OwnerAsk) -> None:
        self._maybe_fail("ask_owner")
        if member_id in self.closed:
            raise Undeliverable("Takes no messages.", code="dm_closed")
        self.owners_asked.append((member_id, ask))

    async def roles(self, guild_id: GuildId, role_ids: Sequence[RoleId]) -> Sequence[RoleFacts]:
        return [self.known_roles[role_id] for role_id in role_ids if role_id in self.known_roles]

    async def sees_audit_log(self, guild_id: GuildId) -> bool:
        return self.audit_log

    async def channel(self, guild_id: GuildId, channel_id: ChannelId) -> ChannelFacts | None:
        return self.channels.get(channel_id)

    def _maybe_fail(self, operation: str) -> None:
        if operation in self.fail:
            raise self.fail[operation]
