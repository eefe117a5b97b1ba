"""Stand-ins at the ports of server events, private reminders, and the bot's whereabouts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable
from bot.domain.values import GuildId, MemberId
from bot.ports import EventId, ParsedTime, Reminder, ServerEvent


class FakeServerEvents:
    """A server's calendar: full at `room`, closed without permission; can lose the answer to an addition it made."""

    def __init__(self) -> None:
        self.events: dict[EventId, ServerEvent] = {}
        self.ended: set[EventId] = set()
        self.deleted: set[EventId] = set()
        self.permitted = True
        self.room = 100
        self.lose_next = False
        self.changes = 0

    async def find(self, event: ServerEvent, *, not_these: frozenset[EventId]) -> EventId | None:
        for event_id, known in self.events.items():
            alike = (known.topic, known.starts_at) == (event.topic, event.starts_at)
            if alike and event_id not in not_these | self.ended | self.deleted:
                return event_id
        return None

    async def add(self, event: ServerEvent) -> EventId:
        if not self.permitted:
            raise NeedsAttention("Not allowed.", code="discord_permission")
        if len(self.events) - len(self.ended | self.deleted) >= self.room:
            raise NeedsAttention("Full.", code="server_events_full")
        event_id = EventId(len(self.events) + 1)
        self.events[event_id] = event
        if self.lose_next:
            self.lose_next = False
            raise OutcomeUnknown("No answer.")
        return event_id

    async def change(self, event_id: EventId, event: ServerEvent) -> None:
        if event_id in self.ended | self.deleted:
            raise Undeliverable("Gone.", code="event_gone")
        self.changes += 1
        self.events[event_id] = event

    async def end(self, event_id: EventId, guild_id: GuildId) -> None:
        self.ended.add(event_id)


class FakeReminders:
    """Direct messages to those who asked."""

    def __init__(self) -> None:
        self.sent: list[tuple[MemberId, Reminder]] = []
        self.closed: set[MemberId] = set()
        self.fail_next: Exception | None = None
        self.fail_after: int | None = None

    async def remind(self, member_id: MemberId, reminder: Reminder) -> None:
        if self.fail_next is not None and (self.fail_after is None or len(self.sent) >= self.fail_after):
            failure, self.fail_next = self.fail_next, None
            raise failure
        if member_id in self.closed:
            raise Undeliverable("Takes no messages.", code="dm_closed")
        self.sent.append((member_id, reminder))


class PlainWeeks:
    """Weeks of exactly seven days."""

    def weekly(self, first: datetime, *, zone: str, count: int) -> list[ParsedTime]:
        return [ParsedTime(first + timedelta(weeks=week)) for week in range(count)]


@dataclass
class FakeWhereabouts:
    """Implements `bot.ports.Whereabouts`: the bot is in every server but those it left."""

    left: set[GuildId] = field(default_factory=set)
    silent: bool = False

    async def in_guild(self, guild_id: GuildId) -> bool:
        if self.silent:
            raise Transient("Discord does not answer.", code="discord_down")
        return guild_id not in self.left
