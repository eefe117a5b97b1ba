"""A live call in the town: people join it at Zoom, the panel is kept in the moderators' channel, and a test reads what stands there."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.domain.community import MemberFacts
from bot.domain.meeting import Meeting
from bot.domain.values import ChannelId, MemberId, RoleId, SessionId
from bot.ports import EventKind, Fact, IncomingEvent
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Channel, Message, Overwrite
from bot.services.drafting import MeetingAsk
from bot.services.panel_keeping import PASS_ON_AFTER, PanelKeeping
from tests.adapters.flow_rig import HOST, Connect, Town, town
from tests.adapters.live_rig import FakeControl, StandingClock
from tests.waiting import PATIENCE

RUN = SessionId("4444AAAiAAAAAiAiAiiAii==")
_keys = itertools.count()


@dataclass
class Call:
    """A meeting that is live, and the hands of those who come and go."""

    t: Town
    clock: StandingClock
    connect: Connect
    meeting: Meeting
    names: dict[str, Fact] = field(default_factory=dict)
    """What everybody shows in the call."""

    @property
    def keeping(self) -> PanelKeeping:
        return self.t.live.moderators.keeping

    @property
    def control(self) -> FakeControl:
        return self.t.live.control

    async def happens(self, kind: EventKind, who: str, **facts: Fact) -> None:
        """Zoom reports something about somebody; `who` is their id, and their name unless another is given."""
        self.names[who] = facts.get("user_name", self.names.get(who, who))
        about: dict[str, Fact] = {"participant_uuid": who, "user_id": f"user-{who}", "user_name": self.names[who]}
        about |= facts
        await self.events(self.event(kind, **about))

    def event(self, kind: EventKind, **facts: Fact) -> IncomingEvent:
        meeting, at = self.meeting, self.t.clock.now()
        key = f"{next(_keys):064x}"
        return IncomingEvent(key, kind, "account", at, meeting.zoom_id, RUN, meeting.host_id, facts)

    async def events(self, *events: IncomingEvent) -> None:
        await self.t.v.intake.store(events)
        await self.t.v.rooms.settled()

    async def registered(self, name: str) -> dict[str, Fact]:
        """What Zoom says of this member once they come by their own link, which they get now."""
        await self.t.press(name, self.t.announcement(), "Get my link")
        async with self.t.v.store.read() as uow:
            invite = await uow.invites.current(self.meeting.meeting_id, MemberId(self.t[name].id))
        assert invite is not None
        assert invite.registrant_id is not None
        return {"registrant_id": invite.registrant_id, "user_name": invite.shown_name}

    async def joins(self, name: str, **facts: Fact) -> None:
        """A member comes in by their own link."""
        known = await self.registered(name)
        await self.happens(EventKind.JOINED, f"{name}-1", **(known | facts))

    async def waits(self, name: str, **facts: Fact) -> None:
        """A member waits to be admitted, by their own link."""
        known = await self.registered(name)
        await self.happens(EventKind.WAITING, f"{name}-1", **(known | facts))

    async def is_put_out(self, who: str) -> None:
        """Zoom reports that it put somebody out."""
        await self.happens(EventKind.LEFT, who, leave_reason="removed")

    async def begins(self) -> None:
        await self.events(self.event(EventKind.STARTED))

    async def ends(self) -> None:
        await self.events(self.event(EventKind.ENDED))

    async def host_joins(self) -> None:
        await self.happens(EventKind.JOINED, "Hanna Host", participant_user_id=HOST)

    async def kept(self, *, seconds: float = 0) -> None:
        """Time goes by, and whoever keeps the panels has looked as often as there was something to do."""
        self.t.clock.advance(seconds=seconds)
        for _ in range(20):
            self.t.clock.advance(seconds=1)
            await self._settled()
            if not await self.keeping.sweep():
                return

    async def _settled(self) -> None:
        """What was told is passed on, also what is told meanwhile: passing on takes a second, and the clock stands still by itself."""
        passing_on = asyncio.create_task(self.keeping.settled())
        while not passing_on.done():
            if self.clock.wakes_somebody_within(PASS_ON_AFTER):
                self.clock.advance(seconds=PASS_ON_AFTER)
            await asyncio.sleep(0.005)
        await passing_on

    async def stands_there(self, *words: str) -> None:
        """Time goes by until the moderators' channel says all this: an act is told there after it is answered."""
        async with asyncio.timeout(PATIENCE):
            while not all(any(word in text for text in map(message_text, self.messages())) for word in words):
                await self.kept()
                await asyncio.sleep(0.01)

    @property
    def staff(self) -> Channel:
        return self.t.staff

    def messages(self) -> list[Message]:
        """What stands in the moderators' channel now."""
        return [message for message in self.t.discord.messages_in(self.t.staff) if message.deleted_at is None]

    def panel(self) -> str:
        """The one panel, as read."""
        found = [text for text in map(message_text, self.messages()) if text.startswith(("### Live:", "### Over:"))]
        assert len(found) == 1, found
        return found[0]

    def panel_message(self) -> Message:
        return next(m for m in self.messages() if message_text(m).startswith(("### Live:", "### Over:")))

    def notice_message(self) -> Message:
        """The newest alert."""
        notices = [m for m in self.messages() if not message_text(m).startswith(("### Live:", "### Over:"))]
        return notices[-1]

    def direct(self, name: str) -> list[Message]:
        """What the bot sent somebody in private by itself."""
        channel = self.t.discord.world.dm_with(self.t[name].user)
        return [] if channel is None else list(self.t.discord.messages_in(channel))

    def private(self, name: str) -> list[str]:
        """The same as read."""
        return list(map(message_text, self.direct(name)))

    def notices(self) -> list[str]:
        """The alerts, as read."""
        return [text for text in map(message_text, self.messages()) if not text.startswith(("### Live:", "### Over:"))]


@asynccontextmanager
async def call(folder: Path, *, begun: bool = True, **options: object) -> AsyncIterator[Call]:
    """A call that has just begun; nobody is in it."""
    clock = StandingClock()
    async with town(folder, clock) as (_, connect), connect() as t:
        on_call = t.discord.add_role(t.guild, "On call")
        t.roles["On call"] = on_call
        for role in ("Moderator", "Organiser"):
            t.staff.overwrites.append(Overwrite(t.roles[role], allow=Permission.VIEW_CHANNEL))
        async with t.v.store.work() as uow:
            community = await uow.communities.get(t.guild_id)
            changed = community.changed(moderators_channel=ChannelId(t.staff.id), on_call_role=RoleId(on_call.id))
            await uow.communities.save(changed)
            await uow.commit()
        made = Call(t, clock, connect, await _planned(t, **options))
        t.live.control.on_remove = made.is_put_out
        t.live.control.on_end = made.ends
        if begun:
            await made.begins()
            await made.kept()
        yield made


async def _planned(t: Town, **options: object) -> Meeting:
    """A meeting of Olga's whose links are out."""
    olga = MemberFacts(
        MemberId(t["Olga"].id),
        "Olga",
        frozenset({RoleId(t.roles["Organiser"].id)}),
        t.clock.now() - timedelta(days=400),
    )
    ask = MeetingAsk("Choir *practice*", "in 40 minutes", 60, **options)  # type: ignore[arg-type]
    draft = await t.v.drafting.draft(olga, t.guild_id, ask)
    made = await t.v.creating.confirm(olga, t.guild_id, draft.meeting.meeting_id)
    t.clock.advance(minutes=15)
    await t.v.run_jobs()
    async with t.v.store.read() as uow:
        meeting = await uow.meetings.get(made.meeting.meeting_id)
    assert meeting is not None
    return meeting
