"""Which rows are whose: conditions over any table of the register."""

from __future__ import annotations

import json
from collections.abc import Collection, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    Text,
    and_,
    cast,
    delete,
    false,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.personal_table import Finds, Holding
from bot.adapters.store.tables import MeetingRow
from bot.adapters.store.tables_control import ActRow
from bot.adapters.store.tables_events import SessionRow
from bot.adapters.store.tables_incidents import IncidentRow
from bot.domain.values import GuildId, MeetingId, MemberId

Clause = ColumnElement[bool]


def in_guild(table: Table, guild_id: GuildId) -> Clause:
    """Rows of this community: by its own number, or through the meeting or session they belong to."""
    columns = table.c
    if "guild_id" in columns:
        return columns.guild_id == guild_id
    meetings = select(MeetingRow.meeting_id).where(MeetingRow.guild_id == guild_id)
    if "meeting_id" in columns:
        return columns.meeting_id.in_(meetings)
    if "session_id" in columns:
        sessions = select(SessionRow.session_id).where(SessionRow.meeting_id.in_(meetings))
        return columns.session_id.in_(sessions)
    if "act_id" in columns:
        return columns.act_id.in_(select(ActRow.act_id).where(ActRow.guild_id == guild_id))
    if "incident_id" in columns:
        return columns.incident_id.in_(select(IncidentRow.incident_id).where(IncidentRow.guild_id == guild_id))
    return false()


def in_meetings(table: Table, meeting_ids: Collection[MeetingId]) -> Clause:
    """Rows of these meetings."""
    columns = table.c
    if not meeting_ids:
        return false()
    if "meeting_id" in columns:
        return columns.meeting_id.in_(meeting_ids)
    if "session_id" in columns:
        return columns.session_id.in_(select(SessionRow.session_id).where(SessionRow.meeting_id.in_(meeting_ids)))
    if "act_id" in columns:
        return columns.act_id.in_(select(ActRow.act_id).where(ActRow.meeting_id.in_(meeting_ids)))
    return false()


def not_spared(table: Table, spare: Set[MeetingId]) -> Clause:
    """Rows that no hold keeps."""
    if not spare:
        return true()
    columns = table.c
    if "meeting_id" in columns:
        return or_(columns.meeting_id.is_(None), columns.meeting_id.not_in(spare))
    return not_(in_meetings(table, spare)) if {"session_id", "act_id"} & set(columns.keys()) else true()


@dataclass(frozen=True)
class Traces:
    """By what a member can be found: their number, and from their invites Zoom's ids, the names shown in calls, and the meetings."""

    member_id: MemberId
    registrants: frozenset[str]
    shown_names: frozenset[str]
    invited_to: frozenset[MeetingId]


def about(table: Table, holding: Holding, traces: Traces) -> Clause:
    """Rows that hold this member in this way."""
    column = table.c[holding.column]
    match holding.finds:
        case Finds.MEMBER:
            return column == traces.member_id
        case Finds.REGISTRANT:
            return column.in_(traces.registrants) if traces.registrants else false()
        case Finds.MEMBER_IN_TEXT:
            return cast(column, Text).contains(str(traces.member_id))
        case Finds.SHOWN_NAME:
            return and_(in_meetings(table, traces.invited_to), column.in_(traces.shown_names))
        case Finds.SEEN_IN_TEXT:
            # As the JSON writes it, quotation marks and escapes included.
            written = [json.dumps(seen) for seen in sorted(traces.registrants | traces.shown_names)]
            named = [cast(column, Text).contains(text, autoescape=True) for text in written]
            return and_(in_meetings(table, traces.invited_to), or_(*named)) if named else false()


async def delete_some(session: AsyncSession, table: Table, where: Clause, limit: int) -> int:
    """Delete up to `limit` rows; how many."""
    if limit <= 0:
        return 0
    key: list[Any] = list(table.primary_key.columns)
    which: Any = key[0] if len(key) == 1 else tuple_(*key)
    some = select(*key).where(where).limit(limit)
    gone = await session.execute(delete(table).where(which.in_(some)))
    return gone.rowcount if isinstance(gone, CursorResult) else 0
