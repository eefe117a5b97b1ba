"""How long an incident holds, when people are reminded, who consents, and what may stand in a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incident import (
    CONSENT_WITHIN,
    Category,
    Consent,
    Incident,
    IncidentId,
    Purpose,
    gravest,
    held_until,
    holds,
    next_reminder,
    snoozed,
    words_only,
)
from bot.domain.values import GuildId, MemberId

NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
OPEN = Incident(IncidentId("i"), GuildId(1), 1, Category.INTRUSION, NOW)
DAY = timedelta(days=1)


def test_open_incident_holds_for_180_days_and_no_longer() -> None:
    assert held_until(OPEN) == NOW + 180 * DAY
    assert holds(OPEN, NOW + 180 * DAY - timedelta(seconds=1))
    assert not holds(OPEN, NOW + 180 * DAY)


def test_closed_incident_holds_for_30_days_more() -> None:
    closed = OPEN.closed(NOW + 2 * DAY)
    assert held_until(closed) == NOW + 32 * DAY
    assert held_until(closed.closed(NOW + 20 * DAY)) == NOW + 32 * DAY, "closing it again moves nothing"
    assert held_until(OPEN.closed(NOW + 170 * DAY)) == NOW + 180 * DAY


def test_legal_hold_has_no_end_until_it_is_lifted() -> None:
    held = replace(OPEN.closed(NOW), hold_since=NOW + DAY)
    assert held_until(held) is None
    assert holds(held, NOW + 4000 * DAY)
    assert not holds(replace(held, hold_since=None), NOW + 31 * DAY)


def test_forgotten_incident_holds_nothing() -> None:
    assert not holds(replace(OPEN, forgotten_at=NOW), NOW)


def test_joining_keeps_the_gravest_category_and_the_emergency() -> None:
    joined = OPEN.joined(Category.CHILD_ABUSE).joined(Category.OTHER, emergency=True).joined(Category.HATE)
    assert (joined.category, joined.emergency) == (Category.CHILD_ABUSE, True)
    assert joined.emergency_open
    assert not joined.closed(NOW).emergency_open
    assert gravest([]) is Category.OTHER


def test_reminders_come_on_day_three_and_day_six() -> None:
    assert next_reminder(NOW, NOW) == NOW + 3 * DAY
    assert next_reminder(NOW, NOW + 3 * DAY) == NOW + 6 * DAY
    assert next_reminder(NOW, NOW + 6 * DAY) is None


def test_snoozing_never_passes_the_week() -> None:
    assert snoozed(NOW, NOW + 3 * DAY) == NOW + 4 * DAY
    last = NOW + 7 * DAY - timedelta(hours=6)
    assert snoozed(NOW, NOW + 6 * DAY) == last
    assert snoozed(NOW, last) is None


def test_consent_needs_another_person_within_fifteen_minutes() -> None:
    first = Consent(IncidentId("i"), Purpose.REVEAL, MemberId(1), NOW)
    assert first.completed_by(MemberId(2), NOW + CONSENT_WITHIN - timedelta(seconds=1))
    assert not first.completed_by(MemberId(1), NOW + timedelta(minutes=1))
    assert not first.completed_by(MemberId(2), NOW + CONSENT_WITHIN)
    assert not first.completed_by(MemberId(2), NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    "pasted",
    [
        "https://us02web.zoom.us/j/8123?pwd=SECRET.1",
        "zoom.us/w/8123?tk=SECRET.2",
        "https://choir.zoom.com/j/1?pwd=SECRET",
        "HTTPS://US02WEB.ZOOM.US/j/SECRET",
        "https://zoomgov.com/j/SECRET",
        "https://cdn.discordapp.com/attachments/1/2/SECRET.png",
        "https://media.discordapp.net/attachments/1/2/SECRET",
        "https://example.org/photo-SECRET.JPG?width=9",
        "https://tracker.example/x?tk=SECRET&a=1",
    ],
)
def test_links_into_calls_and_to_imagery_are_left_out(pasted: str) -> None:
    kept = words_only(f"He posted {pasted} at 19:02")
    assert "SECRET" not in kept
    assert kept.startswith("He posted ")
    assert kept.endswith(" at 19:02")


def test_where_it_was_posted_stays() -> None:
    said = "posted at https://forum.example/thread/7 and https://discord.com/channels/1/2/3"
    assert words_only(said) == said
    assert len(words_only("x" * 5000)) == 2000
