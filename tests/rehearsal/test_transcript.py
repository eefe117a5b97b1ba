"""The transcript: readable for people, one object per event for programs, and never a secret in it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.rehearsal.discord_world import World
from bot.rehearsal.events import (
    Alike,
    ChannelShows,
    Checked,
    Closing,
    CrowdSaw,
    Did,
    Event,
    Fate,
    Happened,
    KeptOpen,
    Leak,
    MeetingHeld,
    Opening,
    SawPrivately,
    Told,
)
from bot.rehearsal.reading import STRONG, WEAK, Reader, in_words, squeezed
from bot.rehearsal.transcript import WIDTH, Transcript, json_lines

AT = datetime(2027, 7, 2, 17, 30, tzinfo=UTC)
LONG = "The waiting room holds everyone until the host has looked at the name and at the tag behind it. " * 3
CLOSING = Closing(
    fates=(Fate(("Ana", "Ben"), "Member", "got their own link"), Fate(("Joss",), "no role", LONG)),
    meetings=(MeetingHeld("Evening call", AT, 14, 1, 0, deleted=False),),
    secrets=97,
    places={"public texts": 5, "log lines": 74},
    leaks=(),
    held=39,
    failed=0,
    seconds=4.96,
)
EVENTS: tuple[Event, ...] = (
    Opening("An evening", "What it shows.", "Riverside", "Europe/London", 22),
    Told(AT, LONG),
    Happened(AT, "Time passes."),
    Did(AT, ("Ana",), "presses [ Get my link ]"),
    SawPrivately(AT, "Ana", "reply", f"{STRONG}Your way in{WEAK}\n- {LONG}"),
    SawPrivately(AT, "Ana", "reply", "kept short", briefly=True),
    CrowdSaw(AT, (Alike(14, "their own link", tuple(f"P{n}" for n in range(14))), Alike(1, "Not yet.", ("Kit",)))),
    ChannelShows(AT, "calls", "new", "Evening call\n[ Get my link ]"),
    Checked(AT, True, "Ana gets a link of their own"),
    Checked(AT, False, "Ana sees “tea”", "coffee\nand cake"),
    CLOSING,
    KeptOpen({"Zoom REST": "http://127.0.0.1:1/v2"}),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(*events: Event, out: io.StringIO | None = None, colour: bool = True) -> str:
    out = out or io.StringIO()
    tell = Transcript(out, colour=colour)
    for event in (EVENTS[0], *events):
        tell(event)
    return out.getvalue()


def test_times_are_those_of_the_community() -> None:
    assert "18:30  Ana presses" in printed(Did(AT, ("Ana",), "presses [ Get my link ]"))


def test_private_answers_say_who_alone_sees_them() -> None:
    text = printed(*EVENTS)
    assert "🔒 only Ana sees this\n       │ Your way in" in text
    assert "kept short" not in text


def test_crowds_are_summed_up() -> None:
    text = " ".join(printed(*EVENTS).split())
    assert "🔒 14 people see, each alone: their own link (P0, P1, P2 and 11 more)" in text
    assert "🔒 1 person sees: Not yet. (Kit)" in text
    assert "5 people (A, B, C and 2 more) press" in printed(Did(AT, ("A", "B", "C", "D", "E"), "press"))


def test_expectations_show_what_was_there_instead() -> None:
    text = printed(*EVENTS)
    assert "✓ Ana gets a link of their own" in text
    assert "✗ Expected: Ana sees “tea”.\n         Instead: coffee\n         and cake" in text


def test_end_says_who_got_what_and_what_was_searched() -> None:
    text = " ".join(printed(CLOSING).split())
    assert "Ana, Ben Member got their own link" in text
    assert "“Evening call”, Fri 18:30: 14 registered, 1 cancelled" in text
    assert "97 secrets (links, passcodes, tokens, keys) in 5 public texts, 74 log lines: none found." in text
    assert "✓ 39 expectations held. 5.0 seconds." in text


def test_leak_fails_and_is_told_without_the_secret() -> None:
    leaky = Closing((), (), 1, {}, (Leak("personal link", "what Ben sees"),), 3, 0, 1.0)
    assert not leaky.well
    assert "✗ a personal link in what Ben sees" in printed(leaky)


def test_no_line_is_wider_than_the_page() -> None:
    assert max(map(len, printed(*EVENTS).splitlines())) <= WIDTH


def test_colour_only_on_a_terminal_and_only_if_wanted() -> None:
    assert "\x1b[" in printed(*EVENTS, out=Terminal())
    assert "\x1b[" not in printed(*EVENTS)
    assert "\x1b[" not in printed(*EVENTS, out=Terminal(), colour=False)


def test_emphasis_is_bold_on_a_terminal_and_nothing_elsewhere() -> None:
    event = SawPrivately(AT, "Ana", "reply", f"{STRONG}one {LONG}{WEAK} two")
    plain, coloured = printed(event), printed(event, out=Terminal())
    assert STRONG not in plain + coloured
    assert (
        coloured.count("\x1b[1m") == coloured.count("\x1b[22m") + 1 > 3
    )  # the title is bold too, and ends with a reset


def test_json_has_one_object_per_event() -> None:
    out = io.StringIO()
    tell = json_lines(out)
    for event in EVENTS:
        tell(event)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == len(EVENTS)
    assert [line["event"] for line in lines[:3]] == ["opening", "told", "happened"]
    assert lines[3] == {
        "event": "did",
        "at": "2027-07-02T17:30:00+00:00",
        "who": ["Ana"],
        "what": "presses [ Get my link ]",
    }
    assert lines[4]["text"].startswith("Your way in")


def reader() -> tuple[Reader, World, int, int]:
    world = World(lambda: AT)
    guild = world.new_guild("Riverside", "Mina", 0)
    return Reader(world, guild, "Europe/London"), world, guild.id, guild.owner_id


def test_markup_is_read_as_people_see_it() -> None:
    read, _, role, owner = reader()
    text = f"### **Chess\\* night**\n<t:{int(AT.timestamp())}:F> <t:{int(AT.timestamp()) + 1800}:R> <@{owner}> <@&{role}> <#1> `/join`"
    assert (
        read.read(text, AT) == "Chess* night\nFriday, 2 July 2027 18:30 in 30 minutes @Mina @@everyone #unknown /join"
    )
    assert read.marked("a **b** c", AT) == f"a {STRONG}b{WEAK} c"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30, "in 30 seconds"),
        (-60, "1 minute ago"),
        (1800, "in 30 minutes"),
        (5400, "in 2 hours"),
        (-90000, "1 day ago"),
    ],
)
def test_distance_in_words(seconds: int, words: str) -> None:
    assert in_words(AT + timedelta(seconds=seconds), AT) == words


def test_comparing_ignores_capitals_blanks_and_curly_quotes() -> None:
    assert squeezed("Press  “Create”\nNOW") == squeezed('press "create" now')
