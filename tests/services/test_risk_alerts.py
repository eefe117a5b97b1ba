"""Zoom found a link in public: told once with every place, never with the link, and not about what is rotated already."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.meeting import Meeting
from bot.domain.values import ZoomUserId
from bot.ports import Alert, AlertKind, EventKind, IncomingEvent
from tests.services.conftest import GUILD, Vestibule

POST = "https://social.example/someone/status/137"


def found(v: Vestibule, meeting: Meeting, key: str, **facts: str) -> IncomingEvent:
    return IncomingEvent(
        key=key,
        kind=EventKind.RISK_ALERT,
        account_id="account",
        at=v.clock.now(),
        zoom_id=meeting.zoom_id,
        session_id=None,
        host_id=ZoomUserId("host"),
        facts=facts,
    )


async def alerts_of(v: Vestibule, meeting: Meeting) -> list[Alert]:
    async with v.store.read() as uow:
        return list(await uow.alerts.open_of(meeting.meeting_id, AlertKind.LINK_PUBLIC))


async def test_one_alert_gathers_the_places_and_offers_rotate(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    at = datetime(2026, 12, 1, 16, 58, tzinfo=UTC).isoformat()
    first = found(v, meeting, "a" * 64, post_platform="twitter", post_time=at, social_link=POST)
    await v.intake.store([first, found(v, meeting, "b" * 64, post_platform="facebook")])
    await v.intake.store([first])
    await v.run_jobs()
    (alert,) = await alerts_of(v, meeting)
    assert alert.said == ("Zoom found it on twitter, posted 2026-12-01 16:58 UTC", POST, "Zoom found it on facebook")
    await v.watched.rotation.rotate(v.organiser, GUILD, meeting.meeting_id)
    assert await alerts_of(v, meeting) == []


async def test_about_a_meeting_that_was_rotated_nobody_is_alarmed(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await v.watched.rotation.rotate(v.organiser, GUILD, meeting.meeting_id)
    await v.intake.store([found(v, meeting, "c" * 64, post_platform="twitter")])
    await v.run_jobs()
    assert await alerts_of(v, meeting) == []
    assert "leak.found_by_zoom" in await v.actions()
