"""The page to print: a drawing of the timeline and tables, without script and without anything loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jinja2

from bot.domain.evidence import Evidence, Presence

_ROW, _TOP, _LEFT, _WIDTH = 18, 34, 260, 1000
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)
"""Minutes between two marks of the axis."""
_MOST_MARKS = 12

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.adapters.evidence"), autoescape=True, undefined=jinja2.StrictUndefined
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One participant's line in the drawing."""

    label: str
    seat: str
    y: int
    waiting: tuple[float, float] | None
    inside: tuple[float, float] | None
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One vertical line: a time of the axis, or something that was done."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The timeline, in the units of its own picture."""

    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    deeds: tuple[Mark, ...]


def page(evidence: Evidence) -> str:
    """The whole document."""
    return _TEMPLATES.get_template("evidence.html").render(e=evidence, drawing=drawing(evidence), utc=utc)


def utc(at: datetime | None) -> str:
    """An instant as the tables have it."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def drawing(evidence: Evidence) -> Drawing | None:
    """The timeline; None where nobody was seen."""
    people = [each for each in evidence.presences if each.first_seen is not None]
    if not people:
        return None
    start = min(each.first_seen for each in people if each.first_seen is not None)
    ends = [each.left_at for each in people if each.left_at is not None]
    end = max(
        [*ends, *(run.ended_at for run in evidence.runs if run.ended_at is not None), start + timedelta(minutes=1)]
    )
    if any(each.left_at is None for each in people):
        end = max(end, *(each.at for each in evidence.happenings), start)
    span = (end - start).total_seconds()

    def x(at: datetime) -> float:
        share = min(max((at - start).total_seconds() / span, 0.0), 1.0)
        return round(_LEFT + share * (_WIDTH - _LEFT - 10), 1)

    shares: dict[tuple[str, str], list[float]] = {}
    for each in evidence.happenings:
        if each.what.endswith("sharing_started"):
            shares.setdefault((each.meeting_uuid, each.participant_uuid or each.user_id), []).append(x(each.at))

    def bar(row: int, who: Presence) -> Bar:
        seen, left = who.first_seen or start, who.left_at or end
        keys = ((who.meeting_uuid, who.participant_uuid), (who.meeting_uuid, who.user_id))
        return Bar(
            _label(who),
            who.seat,
            _TOP + row * _ROW,
            (x(seen), x(who.joined_at or left)),
            None if who.joined_at is None else (x(who.joined_at), x(left)),
            tuple(at for key in keys for at in shares.get(key, ())),
        )

    done = [Mark(x(deed.at), deed.what) for deed in evidence.deeds if start <= deed.at <= end]
    return Drawing(
        _WIDTH,
        _TOP + len(people) * _ROW + 10,
        _LEFT,
        tuple(bar(row, who) for row, who in enumerate(people)),
        _axis(start, end, x_of=x),
        tuple(done),
    )


def _axis(start: datetime, end: datetime, x_of: Callable[[datetime], float]) -> tuple[Mark, ...]:
    minutes = (end - start).total_seconds() / 60
    step = next((step for step in _STEPS if minutes / step <= _MOST_MARKS), int(minutes / _MOST_MARKS) + 1)
    first = start.astimezone(UTC).replace(second=0, microsecond=0)
    first -= timedelta(minutes=(first.hour * 60 + first.minute) % step)
    marks: list[Mark] = []
    at = first if first >= start else first + timedelta(minutes=step)
    while at <= end:
        marks.append(Mark(x_of(at), f"{at:%H:%M}"))
        at += timedelta(minutes=step)
    return tuple(marks)


def _label(who: Presence) -> str:
    name = who.name or "(no name)"
    return name if len(name) <= 34 else name[:33] + "…"
