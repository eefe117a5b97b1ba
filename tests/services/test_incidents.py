"""`/incident`: who may, legal holds that take two to lift, closing, and what is erased when the time is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.domain.community import MemberFacts
from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.incident import Category
from bot.domain.values import MeetingId, MemberId, SessionId
from bot.services.incident_links import OpensIncidents, RemovesFromReports
from bot.services.incidents import IncidentView, Waiting
from bot.services.reporting import ReportAsk
from tests.services.conftest import ANA, BEN, CALLS, GUILD, MALLORY, MODERATOR, OLGA, ORGANISER, VERIFIED, Vestibule
from tests.services.incident_rig import FakeAftercare

SEEN = "Zorro shouted"
OTTO = MemberId(45)


@pytest.fixture
async def v(vestibule: Vestibule) -> Vestibule:
    await vestibule.incidents.reporting.report(GUILD, vestibule.ana(), ReportAsk(Category.HATE, SEEN))
    return vestibule


def moderator(v: Vestibule) -> MemberFacts:
    return v.person(BEN, MODERATOR)


def organiser(v: Vestibule, member_id: MemberId = OLGA) -> MemberFacts:
    return v.person(member_id, ORGANISER)


Act = Callable[[Vestibule, MemberFacts], Awaitable[object]]
MODERATORS: dict[str, Act] = {
    "list": lambda v, who: v.incidents.incidents.listed(GUILD, who),
    "show": lambda v, who: v.incidents.incidents.shown(GUILD, who, 1),
    "note": lambda v, who: v.incidents.incidents.note(GUILD, who, 1, "Rang 101"),
    "aftercare": lambda v, who: v.incidents.aftercare.offer(GUILD, who, 1),
}
ORGANISERS: dict[str, Act] = {
    "hold": lambda v, who: v.incidents.incidents.hold(GUILD, who, 1, "Police, ref 17/26"),
    "release": lambda v, who: v.incidents.incidents.release(GUILD, who, 1),
    "close": lambda v, who: v.incidents.incidents.close(GUILD, who, 1),
}


@pytest.mark.parametrize("act", [*MODERATORS, *ORGANISERS])
async def test_members_and_strangers_are_refused(v: Vestibule, act: str) -> None:
    run = (MODERATORS | ORGANISERS)[act]
    for who in (v.person(ANA, VERIFIED), v.person(MALLORY)):
        with pytest.raises(UserMistake) as refused:
            await run(v, who)
        assert refused.value.code in ("not_moderator", "not_organiser")


@pytest.mark.parametrize("act", MODERATORS)
async def test_moderators_may_look_note_and_offer_support(v: Vestibule, act: str) -> None:
    await MODERATORS[act](v, moderator(v))


@pytest.mark.parametrize("act", ORGANISERS)
async def test_moderators_may_not_hold_release_or_close(v: Vestibule, act: str) -> None:
    with pytest.raises(UserMistake, match="Only an organiser"):
        await ORGANISERS[act](v, moderator(v))


async def test_shown_incident_has_the_words_and_looking_is_recorded(v: Vestibule) -> None:
    await v.incidents.incidents.note(GUILD, moderator(v), 1, "Rang https://us02web.zoom.us/j/1?pwd=SECRET 101")
    view = await v.incidents.incidents.shown(GUILD, moderator(v), 1)
    assert [report.seen for report in view.reports] == [SEEN]
    assert [note.text for note in view.notes] == ["Rang [Zoom link left out] 101"]
    assert (await v.actions())[-2:] == ["incident.note", "incident.shown"]
    with pytest.raises(UserMistake, match="no incident 2"):
        await v.incidents.incidents.shown(GUILD, moderator(v), 2)


async def test_legal_hold_is_lifted_by_two_organisers_within_fifteen_minutes(v: Vestibule) -> None:
    await v.incidents.incidents.hold(GUILD, organiser(v), 1, "Police, ref 17/26")
    first = await v.incidents.incidents.release(GUILD, organiser(v), 1)
    assert isinstance(first, Waiting)
    assert first.until == v.clock.now() + timedelta(minutes=15)
    assert isinstance(await v.incidents.incidents.release(GUILD, organiser(v), 1), Waiting), "the same person twice"
    v.clock.advance(minutes=15)
    assert isinstance(await v.incidents.incidents.release(GUILD, organiser(v, OTTO), 1), Waiting), "too late"
    v.clock.advance(minutes=14)
    done = await v.incidents.incidents.release(GUILD, organiser(v), 1)
    assert isinstance(done, IncidentView)
    assert done.incident.hold_since is None
    with pytest.raises(UserMistake, match="no legal hold"):
        await v.incidents.incidents.release(GUILD, organiser(v), 1)
    assert "incident.consent_second" in await v.actions()


async def test_closed_incident_is_forgotten_after_thirty_days_but_not_under_a_hold(v: Vestibule) -> None:
    closed = await v.incidents.incidents.close(GUILD, organiser(v), 1)
    assert closed.until == v.clock.now() + timedelta(days=30)
    assert (await v.incidents.incidents.close(GUILD, organiser(v), 1)).until == closed.until
    await v.incidents.incidents.hold(GUILD, organiser(v), 1, "Police, ref 17/26")
    v.clock.advance(days=200)
    assert await v.incidents.incidents.forget_over() == 0
    for who in (OLGA, OTTO):
        await v.incidents.incidents.release(GUILD, organiser(v, who), 1)
    assert await v.incidents.incidents.forget_over() == 1
    assert await v.incidents.incidents.forget_over() == 0
    view = await v.incidents.incidents.shown(GUILD, moderator(v), 1)
    assert (view.reports, view.notes) == ((), ())
    with pytest.raises(UserMistake, match="erased"):
        await v.incidents.incidents.note(GUILD, moderator(v), 1, "Too late")
    with pytest.raises(UserMistake, match="erased"):
        await v.incidents.incidents.hold(GUILD, organiser(v), 1, "Too late")


async def test_open_incident_nobody_closes_is_forgotten_after_180_days(v: Vestibule) -> None:
    v.clock.advance(days=179)
    assert await v.incidents.incidents.forget_over() == 0
    v.clock.advance(days=1)
    assert await v.incidents.incidents.forget_over() == 1


async def test_support_is_offered_once_where_calls_are_announced(v: Vestibule) -> None:
    await v.incidents.aftercare.offer(GUILD, moderator(v), 1)
    with pytest.raises(UserMistake, match="posted already"):
        await v.incidents.aftercare.offer(GUILD, moderator(v), 1)
    assert isinstance(v.aftercare, FakeAftercare)
    assert [channel for channel, _ in v.aftercare.offered] == [CALLS]
    before = await v.actions()
    assert {route.kind.value for route in await v.incidents.aftercare.lines(GUILD)} == {"support"}
    assert await v.actions() == before, "nobody notes who asked"


async def test_support_without_a_channel_says_what_to_do(v: Vestibule) -> None:
    async with v.store.work() as uow:
        await uow.communities.save((await uow.communities.get(GUILD)).changed(announcement_channel=None))
        await uow.commit()
    with pytest.raises(NeedsAttention, match="/setup"):
        await v.incidents.aftercare.offer(GUILD, moderator(v), 1)


async def test_emergency_opens_an_incident_once_and_its_call_is_held(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    opener = OpensIncidents(v.clock, v.chance)
    for _ in range(2):
        async with v.store.work() as uow:
            await opener.opened(uow, GUILD, meeting.meeting_id, SessionId("run=="), BEN, "emergency")
            await uow.commit()
    await v.incidents.reporting.report(GUILD, v.ana(), ReportAsk(Category.HATE, SEEN))
    async with v.store.read() as uow:
        found = await uow.incidents.of_guild(GUILD, 9)
        held = await uow.holds.held(v.clock.now())
    assert [(each.session_id, each.emergency_open) for each in found][-1] == ("run==", True)
    assert held.meetings == {meeting.meeting_id}


class Refuses:
    """Stands where acting on calls is, and refuses with this code."""

    def __init__(self, code: str) -> None:
        self.code = code

    async def remove(self, *_: object, **__: object) -> None:
        raise UserMistake("No.", code=self.code)


async def test_removal_from_a_report_never_confirms_for_a_host(v: Vestibule) -> None:
    who = moderator(v)
    host = RemovesFromReports(Refuses("confirm_host"))  # type: ignore[arg-type]
    assert "/remove" in await host.remove(GUILD, MeetingId("m"), "P-1", who)
    with pytest.raises(UserMistake):
        await RemovesFromReports(Refuses("not_moderator")).remove(GUILD, MeetingId("m"), "P-1", who)  # type: ignore[arg-type]
