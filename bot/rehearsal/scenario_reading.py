"""Reads scenario files and finds everything wrong with them in one go, before anything starts."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.rehearsal.scenario import Fragment, Scenario, Step
from bot.rehearsal.scenario_part import Part
from bot.rehearsal.scenario_words import OUTCOMES, OWN, code_of

DEFAULT = "first-evening"
_SHIPPED = resources.files("bot.rehearsal") / "scenarios"
_HEADER = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
NUMBERED = {"steps": "step", "people": "person", "crowd": "crowd"}
CROWD = "crowd"
PartT = TypeVar("PartT", bound=Part)


class ScenarioProblem(Exception):
    """A scenario cannot be played. `problems` has one sentence for each reason, with where and what to do."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        count = "one thing" if len(problems) == 1 else f"{len(problems)} things"
        text = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(
            f"{name} cannot be played; {count} to put right (docs/scenarios.md explains the format):\n{text}"
        )
        self.problems = tuple(problems)


def shipped() -> Mapping[str, Traversable]:
    """The scenarios that come with Vestibule, by name, the default one first."""
    found = {item.name.removesuffix(".toml"): item for item in _SHIPPED.iterdir() if item.name.endswith(".toml")}
    return dict(sorted(found.items(), key=lambda item: (item[0] != DEFAULT, item[0])))


def load(wanted: Path | None) -> Scenario:
    """A scenario by file or by the name of a shipped one; the default one for None.

    Raises:
        ScenarioProblem: it cannot be found, read or played.
    """
    here = shipped()
    name = str(wanted or DEFAULT)
    if name in here and not (wanted is not None and wanted.is_file()):
        return read(here[name].read_text("utf-8"), name)
    path = Path(name)
    try:
        return read(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeError):
        near = difflib.get_close_matches(name, here, 1)
        hint = f'Did you mean "{near[0]}"?' if near else f"These ship with Vestibule: {', '.join(here)}."
        raise ScenarioProblem(name, [f"There is no such file, or it is no UTF-8 text. {hint}"]) from None


def read(text: str, name: str) -> Scenario:
    """A scenario from its text, with the parts it plays filled in.

    Raises:
        ScenarioProblem: with everything that is wrong.
    """
    places = _Places(text)
    scenario = _parsed(Scenario, text, name, places)
    steps: list[Step] = []
    problems: list[str] = []
    for number, step in enumerate(scenario.steps):
        found = [f"{places.of('steps', number)}: {problem}" for problem in _step_problems(step, scenario)]
        problems += found
        steps += [step] if found else _played(step)
    problems = [*_world_problems(scenario, places), *problems]
    if problems:
        raise ScenarioProblem(name, problems)
    return scenario.model_copy(update={"steps": tuple(steps)})


def part_names() -> tuple[str, ...]:
    """The parts that a step can `play`."""
    return tuple(
        sorted(p.name.removesuffix(".toml") for p in (_SHIPPED / "parts").iterdir() if p.name.endswith(".toml"))
    )


def _played(step: Step) -> list[Step]:
    """The steps of the part that `step` plays, done by the same people; expectations of `step` itself hold at its end."""
    if step.play is None:
        return [step]
    text = (_SHIPPED / "parts" / f"{step.play}.toml").read_text("utf-8")
    written = tomllib.loads(text)
    steps = [inner if "tell" in inner else {"who": list(step.who), **inner} for inner in written["steps"]]
    part = _checked(Fragment, {**written, "steps": steps}, step.play, _Places(text))
    return [*part.steps, *([step.model_copy(update={"play": None})] if step.any_said else [])]


def _parsed(shape: type[PartT], text: str, name: str, places: _Places) -> PartT:
    try:
        return _checked(shape, tomllib.loads(text), name, places)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioProblem(name, [f"This is not TOML: {error}."]) from None


def _checked(shape: type[PartT], written: dict[str, Any], name: str, places: _Places) -> PartT:
    try:
        return shape.model_validate(written)
    except ValidationError as error:
        details = error.errors(include_url=False)
        inside = {detail["loc"][0] for detail in details if len(detail["loc"]) > 1}
        # pydantic counts a list with a broken entry as too short
        real = [d for d in details if not (d["type"] == "too_short" and d["loc"][0] in inside)]
        raise ScenarioProblem(name, list(dict.fromkeys(_sentence(d, shape, places) for d in real))) from None


class _Places:
    """Says where something stands: "step 3 (line 41)"."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int], int] = {}
        counts: dict[str, int] = {}
        for line, content in enumerate(text.splitlines(), start=1):
            if match := _HEADER.match(content):
                number = counts.get(match[1], 0)
                counts[match[1]] = number + 1
                self._lines[match[1], number] = line

    def of(self, table: str, number: int) -> str:
        """The `number`th table of that name, counted from 0."""
        line = self._lines.get((table, number))
        return f"{NUMBERED.get(table, table)} {number + 1}" + (f" (line {line})" if line else "")


def _sentence(details: ErrorDetails, shape: type[BaseModel], places: _Places) -> str:
    loc = list(details["loc"])
    if len(loc) > 1 and isinstance(loc[0], str) and isinstance(loc[1], int) and loc[0] in NUMBERED:
        where, rest = places.of(loc[0], loc[1]), loc[2:]
    else:
        where, rest = "the file", loc
    # pydantic puts names of union members into the path; people know only the keys they wrote
    keys = [str(part) for part in rest if not isinstance(part, str) or re.fullmatch(r"[a-z_ ]+", part)]
    key = ".".join(key for key in keys if key not in ("str", "int", "bool"))
    said, context = details["msg"], details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            known = sorted(_all_keys(shape))
            near = difflib.get_close_matches(str(loc[-1]), known, 1)
            advice = f' Did you mean "{near[0]}"?' if near else " Look at the list of keys in docs/scenarios.md."
            return f'{where}: "{key}" is no key that a scenario knows.{advice}'
        case "missing":
            return f'{where}: "{key}" is missing. Add it.'
        case "literal_error":
            return f'{where}: "{key}" must be one of {context.get("expected")}, not "{details["input"]}".'
        case "value_error":
            text = said.removeprefix("Value error, ")
            return f"{where}: {key + ': ' if key else ''}{text}."
        case _:
            return f'{where}: "{key}" is not right: {said[:1].lower()}{said[1:]}.'


def _all_keys(shape: type[BaseModel]) -> Iterator[str]:
    """Every key of this table and the tables in it."""
    for part in parts_of(shape):
        for name, field in part.model_fields.items():
            yield field.alias or name


def parts_of(shape: type[BaseModel]) -> set[type[BaseModel]]:
    """This table and all tables in it."""
    found: set[type[BaseModel]] = set()
    waiting: list[Any] = [shape]
    while waiting:
        kind = waiting.pop()
        waiting += getattr(kind, "__args__", ())
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in found:
            found.add(kind)
            waiting += [field.annotation for field in kind.model_fields.values()]
    return found


def _world_problems(scenario: Scenario, places: _Places) -> Iterator[str]:
    community = scenario.community
    try:
        ZoneInfo(community.timezone)
    except (KeyError, ValueError, OSError):
        yield f'the file: there is no time zone "{community.timezone}". Write it like "Europe/London".'
    names = [person.name for person in scenario.people]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'the file: there are two people called "{name}". Give one another name.'
    groups: list[tuple[str, Sequence[str]]] = [
        (places.of("people", n), person.roles) for n, person in enumerate(scenario.people)
    ]
    groups += [(places.of("crowd", n), crowd.roles) for n, crowd in enumerate(scenario.crowd)]
    groups.append(("community.self_assignable", community.self_assignable))
    groups += [(f"community.private_channels.{name}", roles) for name, roles in community.private_channels.items()]
    for where, roles in groups:
        yield from (f"{where}: {problem}" for problem in _unknown("role", roles, community.roles))


def _step_problems(step: Step, scenario: Scenario) -> Iterator[str]:
    names = [person.name for person in scenario.people]
    crowds = [f"{CROWD}:{crowd.named}" for crowd in scenario.crowd] + ([CROWD] if scenario.crowd else [])
    channels = [*scenario.community.channels, *scenario.community.private_channels]
    yield from _unknown("person", step.who, [*names, *crowds])
    yield from _unknown(
        "person", [step.opens, step.leaves, step.kicked, step.takes_over, step.posts_link, step.points_at], names
    )
    if step.opens_page != OWN:
        yield from _unknown("person", [step.opens_page], names)
    if isinstance(step.consents, str):
        yield from _unknown("Zoom user", [step.consents], [host.email for host in scenario.zoom.hosts])
    for value in (step.fill or {}).values():
        if isinstance(value, str) and (whose := code_of(value)) not in (None, OWN):
            yield from _unknown("person", [whose], names)
    if step.on not in (None, "announcement", "notice"):
        yield from _unknown("person", [step.on], names)
    yield from _unknown("channel", [step.channel], channels)
    yield from _unknown("part to play", [step.play], part_names())
    if step.outcome is not None:
        yield from _unknown("outcome", [step.outcome], list(OUTCOMES.values()))
    if step.role is not None:
        yield from _unknown("role", [step.role.give, step.role.take], scenario.community.roles)
        yield from _unknown("person", [*(step.role.to or ()), *(step.role.of or ())], [*names, *crowds])
    for value in (*step.values, *step.options.values()):
        if isinstance(value, str) and value[:1] in "@#" and len(value) > 1:
            known = [f"@{name}" for name in (*names, *scenario.community.roles, "everyone")] + [
                f"#{name}" for name in channels
            ]
            yield from _unknown("role, person or channel", [value], known)
    if step.values and step.choose is None:
        yield 'has values but no choose; say which menu: choose = "..."'
    if step.options and step.command is None:
        yield 'has options but no command; say which: command = "..."'


def _unknown(what: str, given: Iterable[str | None], known: Sequence[str]) -> Iterator[str]:
    for name in given:
        if name is not None and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(known) or 'none'}."
            yield f'there is no {what} "{name}". {advice}'
