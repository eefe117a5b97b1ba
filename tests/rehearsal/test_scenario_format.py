"""The format of scenarios: what can be written, and what people are told when it is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.rehearsal.scenario import ACTIONS, Scenario
from bot.rehearsal.scenario_reading import DEFAULT, ScenarioProblem, load, part_names, parts_of, read, shipped
from bot.rehearsal.scenario_words import DISCORD_CALLS, FAULTS, OUTCOMES, ROOM, ZOOM_CALLS, moment, span

DOC = Path(__file__).parents[2] / "docs" / "scenarios.md"
LEAST = """
title = "Least"
[[people]]
name = "Ana"
roles = ["Member"]
[[steps]]
who = "Ana"
press = "Get my link"
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ScenarioProblem) as caught:
        read(text, "story.toml")
    return caught.value.problems


def test_least_scenario_fills_in_a_usable_world() -> None:
    scenario = read(LEAST, "least")
    assert scenario.community.roles == ("Member", "Organiser", "Moderator")
    assert scenario.zoom.hosts[0].licensed
    assert scenario.steps[0].who == ("Ana",)
    assert scenario.steps[0].action == "press"


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_reads_and_explains_itself(name: str) -> None:
    scenario = load(Path(name))
    assert scenario.title
    assert len(scenario.about) > 60


def test_default_story_comes_first() -> None:
    assert next(iter(shipped())) == DEFAULT
    assert load(None).title == load(Path(DEFAULT)).title


def test_all_mistakes_are_told_at_once_with_place_and_advice() -> None:
    text = LEAST.replace('press = "Get my link"', 'prss = "Get my link"') + '[[steps]]\nbot = "explode"\n'
    found = problems(text)
    assert any("step 1 (line 6)" in p and 'Did you mean "press"' in p for p in found)
    assert any("step 2 (line 9)" in p and "'restart'" in p for p in found)
    assert not any("at least 1 item" in p for p in found)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('who = "Anna"\npress = "X"', 'no person "Anna". Did you mean "Ana"?'),
        ('who = "crowd:fans"\npress = "X"', 'no person "crowd:fans"'),
        ('who = "Ana"\nrole = { give = "Membr", to = "Ana" }', 'no role "Membr". Did you mean "Member"?'),
        ('who = "Ana"\nchoose = "Verified roles"\nvalues = ["@Membr"]', 'no role, person or channel "@Membr"'),
        ('who = "Ana"\nplay = "setpu"', 'no part to play "setpu". Did you mean "setup"?'),
        ('who = "Ana"\nopens = "Ben"', 'no person "Ben"'),
        ('who = "Ana"\nopens = "Ana"\noutcome = "waitng room"', 'Did you mean "waiting room"'),
        ('who = "Ana"\ncommand = "join"\nchannel = "lobby"', 'no channel "lobby"'),
        ('who = "Ana"\npress = "X"\ncommand = "join"', "says 2 things that happen"),
        ('who = "Ana"\nopens_page = "Ben"', 'no person "Ben"'),
        ('who = "Ana"\ntakes_over = "An"', 'Did you mean "Ana"?'),
        ('who = "Ana"\nconsents = "mina@riversid.example"', 'Did you mean "mina@riverside.example"?'),
        ('who = "Ana"\nfill = { Code = "the code Ben was shown" }', 'no person "Ben"'),
        ("consents = true", "not who does it"),
        ('press = "X"', "not who does it"),
        ('sees = "X"', 'add who = "..."'),
        ('who = "Ana"', "says nothing"),
        ('who = "Ana"\npress = "X"\nvalues = ["a"]', "has values but no choose"),
        ('who = "Ana"\npress = "X"\noptions = { a = 1 }', "has options but no command"),
        ('advance = "soon"', "no length of time"),
        ('advance_to = "bedtime"', "no point of the story"),
        ('role = { give = "Member" }', "give ="),
        ("zoom = { }", "needs exactly one of fault"),
        ('zoom = { fault = "is down", recovers = true }', "needs exactly one of fault"),
        ('zoom = { fault = "explodes" }', "must be one of"),
    ],
)
def test_mistake_in_a_step_is_explained(step: str, said: str) -> None:
    text = LEAST.replace('who = "Ana"\npress = "Get my link"', step)
    assert any("step 1 (line 6)" in problem and said in problem for problem in problems(text)), problems(text)


def test_mistakes_in_the_world_are_explained() -> None:
    twice = (
        LEAST
        + '[[people]]\nname = "Ana"\nroles = ["Chef"]\n[community]\ntimezone = "Europe/Lundn"\nself_assignable = ["Chess"]\n'
    )
    found = problems(twice)
    assert any("two people called" in problem for problem in found)
    assert any("person 2" in problem and 'no role "Chef"' in problem for problem in found)
    assert any("time zone" in problem for problem in found)
    assert any("self_assignable" in problem and '"Chess"' in problem for problem in found)


def test_file_that_is_no_toml_or_is_missing_is_explained(tmp_path: Path) -> None:
    assert "This is not TOML" in problems("title = ")[0]
    with pytest.raises(ScenarioProblem, match='Did you mean "weak-account"'):
        load(Path("weak-acount"))
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioProblem, match="UTF-8"):
        load(broken)


def test_played_part_is_done_by_whoever_plays_it() -> None:
    scenario = read(LEAST.replace('press = "Get my link"', 'play = "setup"\nsees = "Ready"'), "least")
    assert {step.who for step in scenario.steps} == {("Ana",)}
    assert scenario.steps[0].command == "setup"
    assert (scenario.steps[-1].action, scenario.steps[-1].sees) == (None, ("Ready",))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("20 minutes", timedelta(minutes=20)),
        ("1 hour and 5 minutes", timedelta(minutes=65)),
        ("2 days, 1 second", timedelta(days=2, seconds=1)),
    ],
)
def test_lengths_of_time(text: str, length: timedelta) -> None:
    assert span(text) == length


def test_points_of_the_story() -> None:
    assert moment("links open") == moment("30 minutes before the start")
    assert (moment("the end").anchor, moment("the end").offset) == ("end", timedelta())
    assert moment("2 hours after the end").offset == timedelta(hours=2)
    assert moment("9:05").clock == time(9, 5)
    evening = datetime(2027, 7, 2, 18, 0, tzinfo=UTC)
    assert moment("19:30").next_clock(evening, "Europe/London") == datetime(2027, 7, 2, 18, 30, tzinfo=UTC)
    assert moment("18:59").next_clock(evening, "Europe/London") == datetime(2027, 7, 3, 17, 59, tzinfo=UTC)


def test_every_key_and_word_is_documented() -> None:
    prose = re.sub(r"```.+?```", "", DOC.read_text("utf-8"), flags=re.DOTALL)
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose))))
    keys = {field.alias or name for part in parts_of(Scenario) for name, field in part.model_fields.items()}
    assert keys - said == set()
    words = [*FAULTS, *ZOOM_CALLS, *DISCORD_CALLS, *OUTCOMES.values()]
    assert not [word for word in words if f'"{word}"' not in prose]
    assert not [name for name in (*ROOM, *ACTIONS) if f"`{name}" not in prose and f"{name} =" not in prose]
    assert not [name for name in part_names() if f'"{name}"' not in prose]


def test_examples_in_the_document_are_scenarios() -> None:
    examples = re.findall(r"```toml\n(.+?)```", DOC.read_text("utf-8"), re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        assert read(example, "example").steps


def test_document_names_no_key_that_does_not_exist() -> None:
    keys = {field.alias or name for part in parts_of(Scenario) for name, field in part.model_fields.items()} | set(ROOM)
    rows = re.findall(r"^\| (`[^|]+`) \|", DOC.read_text("utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named - keys == set()
