"""What the panel and its alerts say: for nobody, for a thousand people, for names that are traps. Discord's limits hold for all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.discord_chat.replies import acts, live
from bot.adapters.discord_chat.replies.notices import notice
from bot.adapters.discord_chat.replies.panel import panel
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.views.layout import layout
from bot.domain.concerns import Raised, concerns
from bot.domain.containment import Act, ActKind, Capabilities, Outcome, Step, StepKind
from bot.domain.meeting import Door
from bot.domain.panel import PanelView, RoomNotice
from bot.domain.room import Hearing, Missed, RoomView
from bot.domain.roster import Place, Role, Seat, SeatKind
from bot.domain.session import Session
from bot.domain.values import ActId, AlertId, MeetingId, MemberId, ParticipantId
from bot.domain.verdict import DoorFacts, WaitingRoom, door_words
from bot.rehearsal.discord_components import check_message_components
from tests.domain.people import GUILD, NOW, meeting
from tests.domain.seats import SESSION, seat
from tests.services.panel_rig import as_read

UGLY = "**@everyone** <@&7> [x](https://evil.example) ||‮|| " + "*" * 200
"""Formatting, pings, a hidden link, a turn of direction, and far too long."""


def view(*seats: Seat, **changes: object) -> PanelView:
    ended = changes.pop("ended_at", None)
    hearing = changes.pop("hearing", Hearing.HEARD)
    session = Session(SESSION, MeetingId("meeting-1"), NOW - timedelta(minutes=10), ended)  # type: ignore[arg-type]
    return PanelView(RoomView(meeting(**changes), session, seats, hearing, NOW))  # type: ignore[arg-type]


def crowd(count: int, name: str = "Member {}·K7F") -> Iterator[Seat]:
    """People of every kind, everywhere."""
    kinds, places = list(SeatKind), [Place.IN, Place.IN, Place.WAITING, Place.GONE]
    for n in range(count):
        shown = name.format(n)
        kind, place = kinds[n % len(kinds)], places[n % len(places)]
        yield seat(
            shown,
            kind,
            place,
            uuid=f"{'x' * 36}{n:06d}",
            role=Role.CO_HOST if n % 50 == 0 else None,
            sharing=n % 70 == 0,
        )


def fits(reply: Reply) -> str:
    """Discord takes it; the reply as read."""
    check_message_components(layout(reply).to_components(), v2=True)  # type: ignore[no-untyped-call]
    return as_read(reply)


@pytest.mark.parametrize("count", [0, 1, 30, 1000])
@pytest.mark.parametrize("name", ["Member {}·K7F", UGLY])
async def test_everything_fits_however_many_are_in(count: int, name: str) -> None:
    seats = tuple(crowd(count, name))
    many_acts = tuple(act(*(Step(StepKind.REMOVE, ParticipantId(f"p{n}")) for n in range(40))) for _ in range(30))
    words = door_words(DoorFacts(closed=True, can=Capabilities(), waiting_room=WaitingRoom(on=True, for_everyone=True)))
    full = replace(view(*seats, door=Door.CLOSED, topic=UGLY[:200]), acts=many_acts, door_words=words)
    text = fits(panel(full))
    fits(panel(replace(full, hidden="Everyone can read #staff.")))
    fits(panel(replace(view(*seats, ended_at=NOW), acts=many_acts)))
    for page in (0, 1, 99):
        fits(live.roster(full, page))
    for one in seats[:20]:
        fits(live.one_person(full, one))
    fits(notice_of(full))
    if count == 1000:
        assert "(choose" not in text.lower() or "/remove" in text
        assert "`/roster` lists everybody" in text


async def test_act_on_hundreds_of_people_fits() -> None:
    seats = tuple(crowd(1000, UGLY))
    removals = [
        Step(StepKind.REMOVE, each.participant.participant_uuid, outcome=outcome, code="removal_off")
        for each, outcome in zip(seats, [*Outcome] * 200, strict=False)
    ]
    everyone = tuple(each.participant.participant_uuid for each in seats)
    done = act(Step(StepKind.CLOSE_DOOR, outcome=Outcome.DONE), *removals)
    text = fits(acts.act(replace(done, pick_list=everyone, held_back=everyone), view(*seats)))
    assert "of 1000 people put out" in text
    assert text.count("By hand") == 1


async def test_reason_that_holds_for_several_is_said_once() -> None:
    seats = (seat("Zed", SeatKind.UNKNOWN, uuid="z"), seat("Max", SeatKind.UNKNOWN, uuid="m"))
    steps = [
        Step(StepKind.REMOVE, each.participant.participant_uuid, outcome=Outcome.UNSUPPORTED, code="removal_off")
        for each in seats
    ]
    text = fits(acts.act(act(*steps), view(*seats)))
    assert text.count("Zoom has not enabled removing") == 1
    assert text.index("Zoom has not enabled removing") < text.index("Put out **Zed") < text.index("By hand")
    alone = fits(acts.act(act(steps[0]), view(*seats)))
    assert "❌ Put out **Zed**. Zoom has not enabled removing" in alone


async def test_door_that_only_this_process_knows_closed_is_not_laid_at_zooms() -> None:
    text = fits(acts.act(act(Step(StepKind.CLOSE_DOOR, outcome=Outcome.ACCEPTED, code="store_silent")), None))
    assert "Close the door: done here, not written down yet" in text
    assert "Zoom took it" not in text


async def test_emergency_in_the_panel_names_nobody_and_other_acts_name_a_few() -> None:
    seats = tuple(seat(name, SeatKind.UNKNOWN, uuid=name) for name in ("Zed", "Max", "Kim"))
    done = act(*(Step(StepKind.REMOVE, each.participant.participant_uuid) for each in seats))
    emergency = fits(panel(replace(view(*seats), acts=(done,))))
    assert "**Emergency** by <@7>: 0 of 3 confirmed" in emergency
    at_the_door = replace(done, kind=ActKind.PUT_OUT, actor=None)
    assert "Max** and 1 more: 0 of 3 confirmed" in fits(panel(replace(view(*seats), acts=(at_the_door,))))


@pytest.mark.parametrize(
    ("place", "what_to_do"), [(Place.IN, "closes the door"), (Place.WAITING, 'Never press "Admit all"')]
)
async def test_alert_of_a_raid_names_each_name_once_and_still_says_what_to_do(place: Place, what_to_do: str) -> None:
    seats = tuple(seat("Ana", SeatKind.UNKNOWN, place, uuid=f"raid-{n}") for n in range(30))
    text = fits(notice_of(view(seat("Ana·K7F", member=42), *seats)))
    assert "Ana (×30)" in text.replace("** (", " (")
    assert text.count("Looks like somebody who is here") == 1
    assert what_to_do in text


@pytest.mark.parametrize("place", [Place.IN, Place.WAITING])
async def test_alert_about_hundreds_of_names_still_says_what_to_do(place: Place) -> None:
    seats = tuple(seat(f"Guest number {n}", SeatKind.UNKNOWN, place, uuid=f"raid-{n}") for n in range(300))
    text = fits(notice_of(view(*seats)))
    assert "…and 2" in text
    assert ("closes the door" if place is Place.IN else 'Never press "Admit all"') in text


async def test_names_cannot_format_ping_or_hide_a_link() -> None:
    (text, *_) = [block.markdown for block in panel(view(seat(UGLY, SeatKind.UNKNOWN, uuid="u1"))).blocks[1:2]]  # type: ignore[union-attr]
    assert "@everyone" not in text
    assert "\u202e" not in text
    assert re.search(r"(?<!\\)<@", text) is None
    assert re.search(r"(?<!\\)\[x", text) is None


async def test_waiting_room_says_whom_to_admit() -> None:
    ana = seat("Ana·K7F", place=Place.WAITING, member=42)
    text = fits(panel(view(seat("Hanna", SeatKind.HOST), ana, seat("Ana", SeatKind.UNKNOWN, Place.WAITING))))
    assert "- known: admit Ana·K7F, <@42>" in text
    assert "**NOT a member: Ana**" in text
    assert text.index("NOT a member") < text.index("known: admit")


async def test_unknown_and_doubled_come_first_and_hosts_last_in_the_menu() -> None:
    seats = (
        seat("Hanna", SeatKind.HOST, minutes=0),
        seat("New", minutes=1),
        seat("Old", minutes=9),
        seat("Twin", SeatKind.DUPLICATE, uuid="t1"),
        seat("Zoomer", SeatKind.UNKNOWN, minutes=9),
    )
    assert [s.participant.name for s in view(*seats).to_choose] == ["Zoomer", "Twin", "New", "Old", "Hanna"]


@pytest.mark.parametrize(
    ("can", "words"),
    [
        (Capabilities(remove=True), "put people out: yes"),
        (Capabilities(remove=None), "put people out: not tried on this account yet"),
        (Capabilities(remove=False), "put people out: **no**, Zoom has not enabled it (in Zoom: Participants"),
    ],
)
async def test_panel_says_what_this_account_can_do(can: Capabilities, words: str) -> None:
    assert words in fits(panel(replace(view(), capabilities=can)))


async def test_same_view_reads_the_same_a_moment_later() -> None:
    now = view(*crowd(20))
    later = replace(now, room=replace(now.room, at=NOW + timedelta(seconds=30)))
    assert fits(panel(now)) == fits(panel(later))


async def test_confirmed_removal_keeps_whom_it_meant() -> None:
    odd = ParticipantId("user:16778240")
    reply = live.confirm_remove(view(seat("Hanna", SeatKind.HOST, uuid=odd)), MeetingId("m"), odd, None)
    assert "Remove **Hanna**?" in fits(reply)
    press = next(button.press for button in reply.blocks[1].buttons)  # type: ignore[union-attr]
    assert live.target(press.split(":")[-1]) == {"participant": odd}
    assert live.target("@42") == {"member_id": MemberId(42)}


def notice_of(found: PanelView) -> Reply:
    """Everything that is wrong there, in one message."""
    raised = tuple(Raised(each.concern, each.key, each.who, NOW) for each in concerns(found.room))
    people = {each.participant.participant_uuid: each for each in found.room.seats}
    return notice(RoomNotice(AlertId("alert-1"), found.meeting, raised, people))


def act(*steps: Step) -> Act:
    return Act(ActId("act-1"), ActKind.EMERGENCY, GUILD, MeetingId("meeting-1"), SESSION, MemberId(7), NOW, steps)


async def test_a_time_in_which_nothing_was_heard_is_said() -> None:
    shown = view(seat("Ana·K7F", SeatKind.KNOWN))
    missed = Missed(NOW - timedelta(minutes=3), NOW - timedelta(minutes=1))
    assert "I heard nothing from Zoom" not in fits(panel(shown))
    assert "I heard nothing from Zoom" in fits(panel(replace(shown, room=replace(shown.room, missed=missed))))
