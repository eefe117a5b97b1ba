"""What people read: nothing typed by others takes effect, everything fits Discord's limits, every outcome says what to do next."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.discord_chat.answering import reference_of
from bot.adapters.discord_chat.replies import joining, meetings, planned, problems, safety, setup
from bot.adapters.discord_chat.replies.shape import Menu, PrivateLink, Reply, RolePick, Row, Text
from bot.adapters.discord_chat.replies.wording import clipped, fitting, length, typed
from bot.adapters.discord_chat.views.layout import layout
from bot.domain.community import Community, Surroundings, gaps
from bot.domain.errors import TAXONOMY, Transient
from bot.domain.invite import Invite, InviteState
from bot.domain.meeting import MAX_TOPIC, Host, Meeting, MeetingState, ProfileName
from bot.domain.readback import SETTING_NAMES, Difference
from bot.domain.values import (
    ChannelId,
    GuildId,
    InviteId,
    JoinLink,
    LinkId,
    MeetingId,
    MemberId,
    MessageId,
    RoleId,
    ZoomUserId,
    refused,
)
from bot.rehearsal.discord_components import check_message_components
from bot.services.admissions import Choose, Coming, HostWayIn, LinkReady, NotAdmitted
from bot.services.cancelling import Cancellation
from bot.services.community_setup import SetupView
from bot.services.creating import NOT_READ_BACK, Creation
from bot.services.drafting import Draft
from bot.services.meeting_views import HostStanding, MeetingView
from bot.services.series_views import Listing

NOW = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
HOST = Host(ZoomUserId("zoom-host"), "hanna@choir.example", True, LinkId("l"), "Hanna Host", MemberId(10**18 + 1))
LINK = "https://us02web.zoom.us/w/98765?tk=ana-only"


def a_meeting(**changes: object) -> Meeting:
    meeting = Meeting(
        meeting_id=MeetingId("01JDXXXXXXXXXXXXXXXXXXXXXX"),
        guild_id=GuildId(1),
        link_id=LinkId("l"),
        host_id=HOST.user_id,
        topic="Choir practice",
        starts_at=NOW + timedelta(minutes=40),
        duration=timedelta(minutes=90),
        profile=ProfileName.MEMBERS,
        created_by=MemberId(3),
        planned_at=NOW,
        state=MeetingState.CREATED,
        announcement_channel=ChannelId(10**18 + 2),
        announcement_message=MessageId(5),
    )
    return meeting.changed(**changes)


def an_invite(number: int, name: str = "Ana") -> Invite:
    return Invite(
        InviteId(f"i{number}"),
        MeetingId("m"),
        MemberId(10**18 + number),
        1,
        name,
        "K7F",
        "a@b.example",
        NOW,
        InviteState.DELIVERED,
    )


def text_of(reply: Reply) -> str:
    return "\n".join(block.markdown for block in reply.blocks if isinstance(block, Text))


async def sent(reply: Reply) -> list[dict[str, object]]:
    """The components as they go to Discord, checked by the stand-in's rules."""
    components = json.loads(json.dumps(layout(reply).to_components()))  # type: ignore[no-untyped-call]
    check_message_components(components, v2=True)
    return components  # type: ignore[no-any-return]


def a_draft(**changes: object) -> Draft:
    meeting = a_meeting(**changes)
    return Draft(meeting, HOST, (), "Europe/London", NOW + timedelta(minutes=10), (), ())


# ---------------------------------------------------------------------------------------------- texts people typed


@pytest.mark.parametrize(
    ("nasty", "takes_effect"),
    [
        ("*loud* and _leaning_", r"(?<!\\)[*_]"),
        ("~~struck~~ ||hidden||", r"(?<!\\)[~|]"),
        ("[the link](https://evil.example)", r"(?<!\\)\["),
        ("@everyone, @here", r"@(everyone|here)"),
        ("<@&123456789012345678> <@123456789012345678>", r"(?<!\\)<"),
        ("<#123456789012345678> <t:1:F>", r"(?<!\\)<"),
        ("one\n# two\n> three", r"\n"),
    ],
)
def test_what_people_typed_takes_no_effect(nasty: str, takes_effect: str) -> None:
    assert re.search(takes_effect, nasty)
    shown = typed(nasty)
    assert not re.search(takes_effect, shown)
    for reply in (
        meetings.draft(a_draft(topic=nasty)),
        planned.upcoming(Listing((a_meeting(topic=nasty),)), 0, NOW),
        planned.one_meeting(a_view(1, nasty, topic=nasty), 0),
        joining.way_in(Coming(a_meeting(topic=nasty), NOW), NOW),
        joining.way_in(LinkReady(a_meeting(topic=nasty), JoinLink(LINK), nasty, True, True), NOW),
    ):
        assert shown in text_of(reply)
        assert nasty not in text_of(reply).replace(shown, "")


@given(st.text(max_size=400), st.integers(min_value=2, max_value=100))
def test_clipped_text_fits(text: str, limit: int) -> None:
    assert len(clipped(text, limit)) <= limit


@given(st.lists(st.text(alphabet="abc *", max_size=80), max_size=60), st.integers(min_value=60, max_value=500))
def test_lists_fit_and_count_what_they_leave_out(lines: list[str], limit: int) -> None:
    shown = fitting(lines, limit)
    assert len(shown) <= limit
    left = len(lines) - len(shown.split("\n")) + 1 if "more." in shown else 0
    assert left == 0 or f"{left} more" in shown


@pytest.mark.parametrize(
    ("minutes", "said"), [(1, "1 minute"), (60, "1 hour"), (90, "1 hour 30 minutes"), (125, "2 hours 5 minutes")]
)
def test_lengths_read_well(minutes: int, said: str) -> None:
    assert length(timedelta(minutes=minutes)) == said


# ---------------------------------------------------------------------------------------------- the link


async def test_link_is_a_button_for_its_member_with_what_to_know() -> None:
    ready = LinkReady(a_meeting(), JoinLink(LINK), "Ana·K7F", personal=True, first_time=True)
    reply = joining.way_in(ready, NOW)
    assert LINK not in repr(reply)
    text = text_of(reply)
    for words in ("**Ana·K7F**", "yours alone", "one device", "do not forward", "Everyone in the call", "waiting room"):
        assert words in text
    buttons = [c for row in await sent(reply) if row["type"] == 1 for c in row["components"]]  # type: ignore[attr-defined]
    assert [(b["label"], b.get("url")) for b in buttons] == [("Join the call", LINK), ("Use another name", None)]


@pytest.mark.parametrize("size", [512, 513, 1800])
async def test_link_longer_than_a_button_takes_is_text(size: int) -> None:
    long_link = (LINK + "x" * 2000)[:size]
    reply = joining.way_in(LinkReady(a_meeting(), JoinLink(long_link), "Ana·K7F", True, True), NOW)
    raw = json.dumps(await sent(reply))
    assert long_link in raw
    assert (f"<{long_link}>" in raw) == (size > 512)


def test_shared_link_is_not_called_personal() -> None:
    meeting = a_meeting(profile=ProfileName.OPEN_DOOR, personal_links=False)
    text = text_of(joining.way_in(LinkReady(meeting, JoinLink(LINK), "Ana·K7F", False, True), NOW))
    assert "yours alone" not in text
    assert "do not pass it on" in text


def test_renaming_says_that_the_old_link_is_void_only_when_it_is() -> None:
    again = LinkReady(a_meeting(), JoinLink(LINK), "A·K7F", personal=True, first_time=True)
    assert "no longer works" in text_of(joining.way_in(again, NOW, renamed=True))
    assert "no longer works" not in text_of(joining.way_in(replace(again, first_time=False), NOW, renamed=True))
    assert "no longer works" not in text_of(joining.way_in(again, NOW))


def test_refusal_says_nothing_of_the_meeting() -> None:
    reply = joining.way_in(NotAdmitted(refused("not_verified", "Ask a moderator.")), NOW)
    assert reply == Reply((Text("Ask a moderator."),), "not_verified")


def test_early_press_is_told_when_to_come_back_and_that_no_message_follows() -> None:
    text = text_of(joining.way_in(Coming(a_meeting(), NOW + timedelta(minutes=10)), NOW))
    assert f"<t:{int((NOW + timedelta(minutes=10)).timestamp())}:R>" in text
    assert "will not send you a message" in text


def test_hosts_are_told_how_to_sign_in_and_whom_to_admit_and_get_no_link() -> None:
    for alternative in (False, True):
        reply = joining.way_in(HostWayIn(a_meeting(), HOST, alternative), NOW)
        text = text_of(reply)
        assert not any(isinstance(block, PrivateLink) for block in reply.blocks)
        for words in ("h…@choir.example", "**Meetings**", "**Start**", "Only you or a co-host", '"Admit all"'):
            assert words in text
        assert ("alternative host" in text) == alternative
        assert "hanna@" not in text


def test_host_of_an_open_door_is_told_that_nobody_can_be_matched() -> None:
    meeting = a_meeting(profile=ProfileName.OPEN_DOOR, personal_links=False)
    assert "cannot match anybody" in text_of(joining.way_in(HostWayIn(meeting, HOST, False), NOW))


async def test_choosing_between_many_calls_fits_a_menu() -> None:
    many = tuple(a_meeting(meeting_id=MeetingId(f"m{n}"), topic="T" * MAX_TOPIC) for n in range(40))
    reply = joining.way_in(Choose(many), NOW)
    await sent(reply)
    (menu,) = (block for block in reply.blocks if isinstance(block, Menu))
    assert len(menu.options) == 25


# ---------------------------------------------------------------------------------------------- planning


def test_every_safety_setting_is_spoken_of() -> None:
    assert set(SETTING_NAMES) == safety.SPOKEN_OF


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"waiting_room": False}, "No waiting room"),
        ({"telephone": True}, "**Dial-in by phone** is on"),
        ({"personal_links": False}, "No personal links"),
        ({"profile": ProfileName.HIGH_RISK}, "Focus mode"),
    ],
)
def test_safety_choices_change_the_words(changes: dict[str, object], said: str) -> None:
    usual, changed = safety.safety_lines(a_meeting()), safety.safety_lines(a_meeting(**changes))
    assert said not in " ".join(usual)
    assert said in " ".join(changed)


def test_draft_claims_nothing_of_the_profile_that_does_not_hold() -> None:
    assert "A waiting room for everyone" in text_of(meetings.draft(a_draft()))
    assert "A waiting room for everyone" not in text_of(meetings.draft(a_draft(waiting_room=False)))
    assert "no dial-in" not in text_of(meetings.draft(a_draft(telephone=True)))
    assert "Each gets a personal link" not in text_of(meetings.draft(a_draft(personal_links=False)))


def test_draft_shows_time_in_the_communitys_zone_and_everyones_own() -> None:
    summer = a_draft(starts_at=datetime(2026, 7, 3, 18, 0, tzinfo=UTC))
    text = text_of(meetings.draft(replace(summer, time_note="I took it as this year.")))
    assert "<t:1783101600:F>" in text
    assert "Friday 3 July 2026, 19:00 in Europe/London. I took it as this year." in text


def test_draft_shows_clashes_and_warnings() -> None:
    made = replace(a_draft(), clashes=(a_meeting(topic="Board"),), warnings=("No waiting room: mind.",))
    text = text_of(meetings.draft(made))
    assert "already has another call" in text
    assert "**Board**" in text
    assert "- No waiting room: mind." in text


async def test_fullest_draft_fits() -> None:
    other = a_meeting(topic="*" * MAX_TOPIC)
    full = replace(
        a_draft(topic="*" * MAX_TOPIC, extra_role=RoleId(10**18), profile=ProfileName.HIGH_RISK),
        alternative_hosts=(HOST, HOST),
        clashes=(other,) * 20,
        warnings=("w" * 300,) * 8,
        time_note="n" * 100,
    )
    reply = meetings.draft(full)
    shown = [str(block["content"]) for block in await sent(reply) if block["type"] == 10]
    assert "…and" in "".join(shown)
    assert "Zoom sends no mails" in "".join(shown)
    assert "until you press **Create**" in shown[-1]


def test_unsafe_creation_asks_before_anybody_is_invited() -> None:
    made = Creation(
        a_meeting(blocked_by_read_back=("join_before_host",)),
        NOW,
        (Difference("join_before_host", "People can be in the call before the host.", True),),
    )
    reply = meetings.creation(made)
    assert "nobody is invited" in text_of(reply)
    assert "People can be in the call before the host." in text_of(reply)
    (row,) = (block for block in reply.blocks if isinstance(block, Row))
    assert [b.press.rpartition(":")[0] for b in row.buttons] == ["meeting:check", "meeting:accept", "meeting:cancel"]


def test_meeting_that_was_not_read_back_cannot_be_accepted_unseen() -> None:
    reply = meetings.creation(Creation(a_meeting(blocked_by_read_back=(NOT_READ_BACK,)), NOW, ()))
    (row,) = (block for block in reply.blocks if isinstance(block, Row))
    assert not any(button.press.startswith("meeting:accept") for button in row.buttons)


def test_safe_creation_tells_harmless_changes() -> None:
    made = Creation(a_meeting(), NOW, (Difference("mails_from_zoom", "Zoom sends mail about this meeting.", False),))
    assert "Zoom sends mail" in text_of(meetings.creation(made))


def test_cancellation_promises_no_more_than_is_known() -> None:
    sure = text_of(meetings.cancellation(Cancellation(a_meeting(), 3, True)))
    unsure = text_of(meetings.cancellation(Cancellation(a_meeting(), 3, False)))
    assert "lead nowhere" in sure
    assert "lead nowhere" not in unsure
    assert "may still work" in unsure
    assert "No link leaves any more" in unsure


# ---------------------------------------------------------------------------------------------- planned meetings


def a_view(holders: int, name: str = "Ana", **changes: object) -> MeetingView:
    standings = (
        HostStanding(HOST, False, "closed"),
        HostStanding(replace(HOST, member_id=None), True, None),
        HostStanding(HOST, True, "told"),
    )
    return MeetingView(a_meeting(**changes), NOW, standings, tuple(an_invite(n, name) for n in range(holders)), 2)


async def test_every_holder_is_on_exactly_one_page() -> None:
    view = a_view(83)
    seen: list[str] = []
    for page in range(7):
        reply = planned.one_meeting(view, page)
        await sent(reply)
        seen += [line for line in text_of(reply).split("\n") if line.startswith("- **Ana·K7F**")]
    assert len(seen) == len(set(seen)) == 83
    assert "more on the other pages" in text_of(planned.one_meeting(view, 0))


@pytest.mark.parametrize("page", [-1, 0, 6, 99])
async def test_fullest_meeting_fits_on_any_page(page: int) -> None:
    reply = planned.one_meeting(a_view(83, "_" * 60, topic="*" * MAX_TOPIC, blocked_by_read_back=("passcode",)), page)
    await sent(reply)
    assert len(text_of(reply)) < 4000


async def test_longest_list_fits_on_any_page() -> None:
    many = [a_meeting(meeting_id=MeetingId(f"m{n}"), topic="_" * MAX_TOPIC) for n in range(12)]
    for page in (-1, 0, 2, 9):
        reply = planned.upcoming(Listing(tuple(many)), page, NOW)
        await sent(reply)
        assert len(text_of(reply)) < 4000


def test_show_says_what_became_of_each_host() -> None:
    text = text_of(planned.one_meeting(a_view(0), 0))
    assert "takes no direct messages" in text
    assert "nobody here is named for this address" in text
    assert "told in private how to start" in text
    assert "Nobody holds a link yet" in text


# ---------------------------------------------------------------------------------------------- setup


def a_setup(**changes: object) -> SetupView:
    community = Community(GuildId(1)).changed(**changes)
    around = Surroundings(has_zoom_account=False, has_event_endpoint=False, has_registrant_domain=False)
    return SetupView(community, (HOST,), (), gaps(community, around))


EXISTING = setup.Existing(frozenset({7, 8}), frozenset({9}))


@pytest.mark.parametrize("page", list(setup.Page))
@pytest.mark.parametrize("host", [None, HOST.user_id])
async def test_every_page_of_the_panel_is_a_valid_message(page: setup.Page, host: ZoomUserId | None) -> None:
    everything = a_setup(
        verified_roles=frozenset({RoleId(7), RoleId(8)}), on_call_role=RoleId(7), announcement_channel=ChannelId(9)
    )
    for view in (a_setup(), everything, replace(everything, hosts=(), warnings=("w" * 200,) * 20, account_broken=True)):
        components = await sent(setup.panel(view, page, EXISTING, problem="x" * 300, host=host))
        assert components


def test_what_blocks_stands_before_what_helps_and_ready_is_said_only_when_true() -> None:
    text = text_of(setup.panel(a_setup(), setup.Page.SUMMARY, EXISTING))
    assert text.index("without it calls do not work") < text.index("it would help")
    assert "Ready" not in text
    ready = replace(a_setup(), gaps=())
    assert "Ready" in text_of(setup.panel(ready, setup.Page.SUMMARY, EXISTING))
    assert "Ready" not in text_of(setup.panel(replace(ready, account_broken=True), setup.Page.SUMMARY, EXISTING))


def test_menus_start_with_the_roles_that_are_set_and_still_exist() -> None:
    view = a_setup(verified_roles=frozenset({RoleId(7), RoleId(666)}))
    reply = setup.panel(view, setup.Page.ROLES, EXISTING)
    picks = {block.press: block.chosen for block in reply.blocks if isinstance(block, RolePick)}
    assert picks["setup:roles:verified"] == (7,)
    assert picks["setup:roles:organiser"] == ()


# ---------------------------------------------------------------------------------------------- problems


def test_every_kind_of_error_has_an_answer() -> None:
    assert set(problems.ANSWERS) == set(TAXONOMY)
    for kind in TAXONOMY:
        reply = problems.answer_to(kind("Do this next.", code="some_code"), NOW)
        assert reply.code == "some_code"
        assert "Do this next." in text_of(reply)


def test_passing_obstacle_says_when_to_try_again_if_known() -> None:
    reply = problems.answer_to(Transient("Zoom is busy.", retry_after=timedelta(seconds=90)), NOW)
    assert f"<t:{int(NOW.timestamp()) + 90}:R>" in text_of(reply)


@given(st.integers(min_value=10**17, max_value=10**19))
@settings(max_examples=50)
def test_reference_is_short_and_easy_to_read_out(number: int) -> None:
    reference = reference_of(number)
    assert len(reference) == 4
    assert not set(reference) & set("01OIL")
    assert reference == reference_of(number)
