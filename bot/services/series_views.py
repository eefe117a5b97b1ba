"""What organisers see of series: one line for all that repeats, and what belongs to one meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.community import Community, MemberFacts, Right
from bot.domain.meeting import Meeting, ProfileName
from bot.domain.reminder import reminds_at
from bot.domain.series import SeriesId, SeriesTail
from bot.domain.values import GuildId, MeetingId
from bot.ports import EventState, Store, UnitOfWork
from bot.services.rights import community_where

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Listing:
    """The planned calls. `tails` says what follows a listed meeting; `waiting` are confirmed weeks that Zoom has not created yet."""

    meetings: tuple[Meeting, ...]
    tails: Mapping[MeetingId, SeriesTail] = field(default_factory=dict)
    waiting: tuple[Meeting, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What there is besides the meeting itself: its series, its event in the server's calendar, its reminders.

    `event` is None where none was tried yet; `event_wanted` is False where there shall be none.
    """

    tail: SeriesTail | None = None
    event: EventState | None = None
    event_wanted: bool = True
    reminds_at: datetime | None = None
    to_remind: int = 0


class SeriesViews:
    """`/meeting list`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listing(self, who: MemberFacts, guild_id: GuildId) -> Listing:
        """The planned meetings, soonest first, of each series only the next one.

        Raises:
            UserMistake: the person is neither organiser nor moderator.
        """
        async with self._store.read() as uow:
            community = await community_where(uow, guild_id, who, Right.SEE_HOLDERS)
            meetings = await uow.meetings.upcoming(guild_id)
            places = await uow.series.of_guild(guild_id)
            waiting = await uow.series.waiting(guild_id)
        by_series: dict[SeriesId, list[Meeting]] = {}
        for meeting in (*meetings, *waiting):
            if meeting.meeting_id in places:
                by_series.setdefault(places[meeting.meeting_id], []).append(meeting)
        shown: list[Meeting] = []
        tails: dict[MeetingId, SeriesTail] = {}
        for meeting in meetings:
            of_series = by_series.get(places[meeting.meeting_id], []) if meeting.meeting_id in places else []
            if of_series and of_series[0] is not meeting:
                continue
            shown.append(meeting)
            tail = tail_of(meeting, of_series, community)
            if tail is not None:
                tails[meeting.meeting_id] = tail
        return Listing(tuple(shown), tails, tuple(waiting))


async def series_around(uow: UnitOfWork, meeting: Meeting) -> Sequence[Meeting]:
    """Every meeting of the same series, this one too, in order; none if it is in no series."""
    series_id = await uow.series.of(meeting.meeting_id)
    return await uow.series.meetings(series_id) if series_id is not None else ()


def tail_of(meeting: Meeting, of_series: Sequence[Meeting], community: Community) -> SeriesTail | None:
    """What follows this meeting in its series and is not called off; None if nothing does."""
    later = [m for m in of_series if m.starts_at > meeting.starts_at and m.still_planned]
    if not later:
        return None
    weekday = WEEKDAYS[meeting.starts_at.astimezone(ZoneInfo(community.zone)).weekday()]
    return SeriesTail(weekday, len(later), max(m.starts_at for m in later))


def event_wanted(meeting: Meeting) -> bool:
    """Whether a meeting gets an event: people outside the server may see those, so calls that are likely to be attacked get none."""
    return meeting.profile is not ProfileName.HIGH_RISK


async def beside(uow: UnitOfWork, meeting: Meeting, community: Community) -> Beside:
    """What there is besides this meeting."""
    kept = await uow.server_events.get(meeting.meeting_id)
    return Beside(
        tail=tail_of(meeting, await series_around(uow, meeting), community),
        event=kept.state if kept is not None else None,
        event_wanted=event_wanted(meeting),
        reminds_at=reminds_at(meeting, community),
        to_remind=len(await uow.reminders.waiting(meeting.meeting_id)),
    )
