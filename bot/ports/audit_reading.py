"""Reading the record of what was done: page by page, filtered, with the names that are still known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.checkpoint import Head
from bot.domain.values import GuildId, MeetingId, MemberId


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to show. `topics` are the first words of actions (before the dot); None for all. `person`: done by or about them."""

    topics: frozenset[str] | None = None
    person: MemberId | None = None
    meeting: MeetingId | None = None


class AuditReading(Protocol):
    """Reads chains."""

    async def page(
        self, guild_id: GuildId, wanted: AuditFilter, before: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        """The newest entries before this number, newest first."""
        ...

    async def after(self, guild_id: GuildId, seq: int, limit: int) -> Sequence[AuditEntry]:
        """The next entries of the chain, in its order."""
        ...

    async def of_meeting(self, guild_id: GuildId, meeting_id: MeetingId) -> Sequence[AuditEntry]:
        """Everything about one meeting, in its order."""
        ...

    async def people(self, guild_id: GuildId, subject_ids: Collection[str]) -> Mapping[str, MemberId]:
        """Who these are; those that were erased are left out."""
        ...

    async def texts(self, guild_id: GuildId, numbers: Collection[int]) -> Mapping[int, str]:
        """What was written in these entries; what was erased is left out."""
        ...

    async def head(self, guild_id: GuildId) -> Head | None: ...
    async def guilds(self) -> Sequence[GuildId]:
        """Every community that has a chain, or a checkpoint of one."""
        ...
