"""A live call without sockets: people come and go, the panel is kept, and a test reads what stands in the moderators' channel."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.adapters.discord_chat.replies.names import channel_problem, name_question
from bot.adapters.discord_chat.replies.notices import notice as notice_reply
from bot.adapters.discord_chat.replies.panel import panel as panel_reply
from bot.adapters.discord_chat.replies.shape import Menu, Reply, Row, Text
from bot.domain.containment import Act, Capabilities
from bot.domain.errors import Undeliverable
from bot.domain.meeting import Meeting
from bot.domain.panel import PanelView, RoomNotice
from bot.domain.values import ChannelId, GuildId, MeetingId, MemberId, MessageId, RoleId, SessionId
from bot.domain.verdict import DoorFacts
from bot.ports import ChannelProblem, EventKind, Fact, IncomingEvent, NameQuestion
from bot.services.live_desk import LiveDesk
from bot.services.live_views import LiveViews
from bot.services.panel_keeping import PanelKeeping
from bot.services.room_alerts import RoomAlerts
from tests.services.conftest import GUILD, HOST, STAFF, VERIFIED, Vestibule, opened_vestibule

RUN = SessionId("4444AAAiAAAAAiAiAiiAii==")
ON_CALL = RoleId(25)
_keys = itertools.count()


@dataclass
class Shown:
    """One message as it stands."""

    channel_id: ChannelId
    text: str
    mention: RoleId | None = None
    deleted: bool = False


class FakePanels:
    """Discord behind `Panels`: remembers what each message says, and refuses what is gone."""

    def __init__(self) -> None:
        self.messages: dict[MessageId, Shown] = {}
        self.once: dict[str, MessageId] = {}
        self.private: list[tuple[MemberId, str]] = []
        self.closed: set[MemberId] = set()
        self.edits = 0

    def fingerprint(self, panel: PanelView) -> str:
        return _digest(as_read(panel_reply(panel)))

    def notice_fingerprint(self, notice: RoomNotice) -> str:
        return _digest(as_read(notice_reply(notice)))

    async def post(self, channel_id: ChannelId, panel: PanelView, *, once_key: str) -> MessageId:
        return self._post(channel_id, panel_reply(panel), once_key, None)

    async def edit(self, channel_id: ChannelId, message_id: MessageId, panel: PanelView) -> None:
        self._edit(message_id, panel_reply(panel))

    async def remove(self, channel_id: ChannelId, message_id: MessageId) -> None:
        self.messages[message_id].deleted = True

    async def post_notice(
        self, channel_id: ChannelId, notice: RoomNotice, *, once_key: str, mention: RoleId | None
    ) -> MessageId:
        return self._post(channel_id, notice_reply(notice, mention), once_key, mention)

    async def edit_notice(self, channel_id: ChannelId, message_id: MessageId, notice: RoomNotice) -> None:
        self._edit(message_id, notice_reply(notice))

    async def ask_whether_it_is_them(self, member_id: MemberId, question: NameQuestion, *, once_key: str) -> None:
        self._direct(member_id, name_question(question))

    async def tell_organiser(self, member_id: MemberId, problem: ChannelProblem, *, once_key: str) -> None:
        self._direct(member_id, channel_problem(problem))

    def _post(self, channel_id: ChannelId, reply: Reply, once_key: str, mention: RoleId | None) -> MessageId:
        if once_key not in self.once:
            self.once[once_key] = MessageId(len(self.messages) + 1)
            self.messages[self.once[once_key]] = Shown(channel_id, as_read(reply), mention)
        return self.once[once_key]

    def _edit(self, message_id: MessageId, reply: Reply) -> None:
        if self.messages[message_id].deleted:
            raise Undeliverable("That message was deleted.", code="message_gone")
        self.edits += 1
        self.messages[message_id].text = as_read(reply)

    def _direct(self, member_id: MemberId, reply: Reply) -> None:
        if member_id in self.closed:
            raise Undeliverable("Takes no messages.", code="dm_closed")
        self.private.append((member_id, as_read(reply)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class QuietActing:
    """No door was ever closed, no act begun."""

    def __init__(self) -> None:
        self.capabilities = Capabilities()

    def can(self, _: Meeting) -> Capabilities:
        return self.capabilities

    async def door(self, guild_id: GuildId, meeting_id: MeetingId) -> DoorFacts:
        return DoorFacts(closed=False, can=self.capabilities)


def as_read(reply: Reply) -> str:
    """The text of a reply, and its buttons and choices."""
    lines = []
    for block in reply.blocks:
        match block:
            case Text(markdown):
                lines.append(markdown)
            case Row(buttons):
                lines.append(" ".join(f"[ {button.label} ]" for button in buttons))
            case Menu(_, hint, options):
                lines.append(f"({hint}: {' / '.join(option.label for option in options)})")
    return "\n".join(lines)


@dataclass
class Evening:
    """A meeting that is live."""

    v: Vestibule
    meeting: Meeting
    panels: FakePanels
    acting: QuietActing
    views: LiveViews
    keeping: PanelKeeping
    desk: LiveDesk
    names: dict[str, Fact] = field(default_factory=dict)

    async def happens(self, kind: EventKind, who: str, **facts: Fact) -> None:
        """Zoom reports something about somebody; `who` is their id, and their name unless another is given."""
        self.names[who] = facts.get("user_name", self.names.get(who, who))
        about: dict[str, Fact] = {"participant_uuid": who, "user_id": f"user-{who}", "user_name": self.names[who]}
        await self.events(self.event(kind, **(about | facts)))

    def event(self, kind: EventKind, **facts: Fact) -> IncomingEvent:
        meeting, at = self.meeting, self.v.clock.now()
        return IncomingEvent(f"{next(_keys):064x}", kind, "account", at, meeting.zoom_id, RUN, meeting.host_id, facts)

    async def events(self, *events: IncomingEvent) -> None:
        await self.v.intake.store(events)
        await self.v.rooms.settled()

    async def registered(self, member_id: MemberId, name: str) -> dict[str, Fact]:
        """What Zoom says of this member once they come by their own link."""
        who = self.v.person(member_id, VERIFIED, name=name)
        await self.v.admissions.ask(GUILD, self.meeting.meeting_id, who, asked_at=self.v.clock.now())
        async with self.v.store.read() as uow:
            invite = await uow.invites.current(self.meeting.meeting_id, member_id)
        assert invite is not None
        assert invite.registrant_id is not None
        return {"registrant_id": invite.registrant_id, "user_name": invite.shown_name}

    async def joins(self, member_id: MemberId, name: str) -> str:
        """A member comes in by their own link; what they show."""
        known = await self.registered(member_id, name)
        await self.happens(EventKind.JOINED, name, **known)
        return str(known["user_name"])

    async def waits(self, member_id: MemberId, name: str) -> str:
        """A member waits to be admitted, by their own link; what they show."""
        known = await self.registered(member_id, name)
        await self.happens(EventKind.WAITING, name, **known)
        return str(known["user_name"])

    async def host_joins(self) -> None:
        await self.happens(EventKind.JOINED, "Hanna Host", participant_user_id=HOST)

    async def begins(self) -> None:
        await self.events(self.event(EventKind.STARTED))

    async def ends(self) -> None:
        await self.events(self.event(EventKind.ENDED))

    async def kept(self, *, seconds: float = 0) -> None:
        """Time goes by, and whoever keeps the panels looks until there is nothing to do."""
        self.v.clock.advance(seconds=seconds)
        for _ in range(20):
            self.v.clock.advance(seconds=1)
            if not await self.keeping.sweep():
                return

    def standing(self) -> list[Shown]:
        return [shown for shown in self.panels.messages.values() if not shown.deleted]

    def panel(self) -> str:
        """The one panel, as read."""
        (found,) = (s.text for s in self.standing() if s.text.startswith(("### Live:", "### Over:")))
        return found

    def notices(self) -> list[str]:
        """The alerts, as read."""
        return [s.text for s in self.standing() if not s.text.startswith(("### Live:", "### Over:"))]

    def another_process(self) -> PanelKeeping:
        """One that has the same store and knows nothing else."""
        alerts = RoomAlerts(self.v.store, self.panels, self.v.clock, self.v.chance)
        return PanelKeeping(self.v.store, self.views, alerts, self.v.chat, self.panels, self.v.clock)

    async def told_of(self, act: Act) -> None:
        """The store keeps an act that is over."""
        async with self.v.store.work() as uow:
            await uow.acts.begin(act, act.at)
            await uow.acts.save(act, None)
            await uow.commit()


@asynccontextmanager
async def evening(url: str, *, begun: bool = True, **ask: object) -> AsyncIterator[Evening]:
    """A call that has just begun; nobody is in it."""
    async with opened_vestibule(url) as v:
        async with v.store.work() as uow:
            await uow.communities.save(replace(await uow.communities.get(GUILD), on_call_role=ON_CALL))
            await uow.commit()
        panels, acting = FakePanels(), QuietActing()
        views = LiveViews(v.store, v.rooms, acting)
        alerts = RoomAlerts(v.store, panels, v.clock, v.chance)
        keeping = PanelKeeping(v.store, views, alerts, v.chat, panels, v.clock)
        v.rooms.listen(keeping, everywhere=True)
        desk = LiveDesk(v.store, v.rooms, views, keeping, v.clock)
        made = Evening(v, await v.live_links(**ask), panels, acting, views, keeping, desk)
        if begun:
            await made.begins()
            await made.kept()
        yield made


__all__ = ["RUN", "STAFF", "Evening", "evening"]
