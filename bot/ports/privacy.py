"""Everything that is held about people, in one place: looking it up, erasing it, letting it go when its time is over."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.privacy import Call, KeptRecord
from bot.domain.values import GuildId, MeetingId, MemberId


class PersonalData(Protocol):
    """What is held about people, over all tables. What deletes does it a piece at a time, so that no transaction is long; the caller goes on in a
    fresh one until nothing is left. `spare` are meetings whose rows an incident holds: they stay.
    """

    async def of_member(self, guild_id: GuildId, member_id: MemberId) -> Sequence[KeptRecord]:
        """Everything held about this member that they may see."""
        ...

    async def knows(self, guild_id: GuildId, member_id: MemberId) -> bool:
        """Whether anything is held about this member."""
        ...

    async def calls(self, guild_id: GuildId, member_id: MemberId) -> Sequence[Call]:
        """The calls they had a link for, planned, or host, called off ones only if somebody was in them."""
        ...

    async def erase_member(self, guild_id: GuildId, member_id: MemberId, spare: Set[MeetingId], limit: int) -> int:
        """Erase up to `limit` rows about this member; how many. 0: all are gone but what is spared."""
        ...

    async def communities(self) -> Sequence[GuildId]:
        """Every community of which anything is held."""
        ...

    async def over(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId], limit: int) -> Sequence[MeetingId]:
        """Meetings that were over before then, whatever became of them; oldest first."""
        ...

    async def purge_meeting(self, meeting_id: MeetingId, limit: int) -> int:
        """Delete up to `limit` rows of this meeting, the meeting itself last; how many. 0: it is gone."""
        ...

    async def anything_old(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId]) -> bool:
        """Whether `purge_old` would find something; so that looking for it takes no turn from whoever writes."""
        ...

    async def purge_old(self, guild_id: GuildId, before: datetime, spare: Set[MeetingId], limit: int) -> int:
        """Delete up to `limit` rows that belong to no meeting and are older; how many."""
        ...

    async def erase_community(self, guild_id: GuildId, spare: Set[MeetingId], limit: int) -> int:
        """Delete up to `limit` rows of this community; how many. The record of what was done stays, without anybody in it."""
        ...

    async def anything_left(self, guild_id: GuildId) -> bool:
        """Whether meetings or people of this community are still there, because a hold keeps them."""
        ...

    async def purge_counters(self, before: datetime) -> None:
        """Forget the daily counters from before then; they are about Zoom hosts, not about members."""
        ...

    def drop_traces(self) -> None:
        """With the commit of this transaction the bytes of what was deleted leave the database's files as well."""
        ...


class Why(Enum):
    """Why a member's data is going to be erased. The value is how it is stored."""

    ASKED = "asked"
    LEFT = "left"
    """They left the server; coming back ends it."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """A member whose data is erased when `due_at` has come."""

    guild_id: GuildId
    member_id: MemberId
    why: Why
    since: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Departure:
    """A community that removed the bot. `links_stopped`: its Zoom accounts are given back; the rest goes when `due_at` has come."""

    guild_id: GuildId
    since: datetime
    due_at: datetime
    links_stopped: bool = False


class Erasures(Protocol):
    """What is going to be erased."""

    async def get(self, guild_id: GuildId, member_id: MemberId) -> Erasure | None: ...
    async def put(self, erasure: Erasure) -> None:
        """Keep it in place of the one before; one that was asked for is not replaced by a leaving."""
        ...

    async def drop(self, guild_id: GuildId, member_id: MemberId) -> None: ...
    async def came_back(self, guild_id: GuildId, member_id: MemberId) -> None:
        """Forget that they left; what they asked for stays."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Erasure]:
        """Those whose time has come, oldest first."""
        ...

    async def departure(self, guild_id: GuildId) -> Departure | None: ...
    async def put_departure(self, departure: Departure) -> None: ...
    async def drop_departure(self, guild_id: GuildId) -> None: ...
    async def due_departures(self, now: datetime, limit: int) -> Sequence[Departure]: ...


class Whereabouts(Protocol):
    """Whether the bot is still in a server."""

    async def in_guild(self, guild_id: GuildId) -> bool:
        """Asked anew. Raises `Transient` where Discord does not say."""
        ...
