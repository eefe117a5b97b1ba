"""Puts a scenario on the stage: reads it, plays it, searches for leaks, and says whether everything was as expected."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from bot.rehearsal.answers import Journal, Journals
from bot.rehearsal.events import Checked, Closing, Event, Fate, KeptOpen, MeetingHeld, Opening
from bot.rehearsal.leaks import search
from bot.rehearsal.logbook import LogBook
from bot.rehearsal.options import RehearsalOptions
from bot.rehearsal.scenario import Scenario
from bot.rehearsal.scenario_reading import ScenarioProblem, load, read, shipped
from bot.rehearsal.stage import Stage
from bot.rehearsal.steps import Player
from bot.rehearsal.transcript import WIDTH, Transcript, json_lines
from bot.rehearsal.wishes import MakeClock, StartBot

HELD, FAILED = 0, 1


async def rehearse(
    options: RehearsalOptions, start_bot: StartBot, make_clock: MakeClock, *, out: TextIO | None = None
) -> int:
    """Play what was asked for; the exit status: 0 only if every expectation held and nothing leaked.

    Args:
        out: standard output by default. A scenario that cannot be played is told on standard error.
    """
    out = out or sys.stdout
    if options.list_only:
        _list(out)
        return HELD
    try:
        scenario = load(options.scenario)
    except ScenarioProblem as problem:
        print(problem, file=sys.stderr)
        return FAILED
    tell: Callable[[Event], None] = json_lines(out) if options.as_json else Transcript(out, colour=options.colour)
    with tempfile.TemporaryDirectory(prefix="vestibule-rehearsal-", ignore_cleanup_errors=True) as folder:
        performance = Performance(scenario, start_bot, make_clock, Path(folder), tell)
        closing = await performance.play(keep=options.keep)
    return HELD if closing.well else FAILED


class Performance:
    """One scenario played once.

    Args:
        folder: the bot's data folder, empty at first.
        tell: is given every event.
    """

    def __init__(
        self,
        scenario: Scenario,
        start_bot: StartBot,
        make_clock: MakeClock,
        folder: Path,
        tell: Callable[[Event], None],
    ) -> None:
        self.scenario = scenario
        self.stage = Stage(scenario, start_bot, make_clock, folder)
        self.journals = Journals(self.stage)
        self.log = LogBook()
        self.failed: list[Checked] = []
        self._held = 0
        self._tell_on = tell

    async def play(self, *, keep: bool = False) -> Closing:
        """The whole story, told as it happens, and its end. With `keep` it is left running until it is cancelled."""
        began = time.monotonic()
        with self.log:
            self._tell(
                Opening(
                    self.scenario.title,
                    self.scenario.about,
                    self.scenario.community.name,
                    self.stage.zone,
                    len(self.stage.cast.people),
                )
            )
            try:
                await self.stage.open()
                player = Player(self.stage, self.journals, self._tell)
                for step in self.scenario.steps:
                    await player.play(step)
                await self.stage.quiet()
                closing = self._closing(time.monotonic() - began)
                self._tell(closing)
                if keep:
                    self._tell(KeptOpen(self._addresses()))
                    await asyncio.Event().wait()
            finally:
                await self.stage.close()
        return closing

    def _tell(self, event: Event) -> None:
        if isinstance(event, Checked):
            self._held += event.held
            if not event.held:
                self.failed.append(event)
        self._tell_on(event)

    def _closing(self, seconds: float) -> Closing:
        found = search(self.stage, self.journals, self.log)
        bad = bool(self.failed or found.leaks)
        return Closing(
            fates=tuple(self._fates()),
            meetings=tuple(self._meetings()),
            secrets=found.secrets,
            places=found.places,
            leaks=found.leaks,
            held=self._held,
            failed=len(self.failed),
            seconds=seconds,
            bot_said=tuple(self.journals.mask(line) for line in self.log.serious[:5]) if bad else (),
        )

    def _addresses(self) -> dict[str, str]:
        discord, zoom = self.stage.discord, self.stage.zoom
        return {
            "Discord REST": discord.api_url,
            "Discord gateway": discord.gateway_url,
            "Zoom REST": zoom.api_url,
            "Zoom OAuth": zoom.oauth_url,
            "Data folder": str(self.stage.folder),
        }

    def _fates(self) -> list[Fate]:
        """What became of everybody; people with the same standing and fate together."""
        groups: dict[tuple[str, str], list[Journal]] = {}
        for journal in self.journals.everyone:
            outcome = journal.outcome or ("did not ask for a link" if journal.handles else "did nothing")
            groups.setdefault((journal.actor.standing, self.journals.mask(outcome)), []).append(journal)
        return [
            Fate(tuple(journal.actor.name for journal in journals), standing, outcome)
            for (standing, outcome), journals in groups.items()
        ]

    def _meetings(self) -> list[MeetingHeld]:
        return [
            MeetingHeld(
                meeting.topic,
                meeting.start,
                sum(registrant.status == "approved" for registrant in meeting.registrants.values()),
                sum(registrant.status == "cancelled" for registrant in meeting.registrants.values()),
                len(meeting.invite_links),
                meeting.deleted,
            )
            for meeting in self.stage.zoom.state.meetings.values()
        ]


def _list(out: TextIO) -> None:
    for name, item in shipped().items():
        scenario = read(item.read_text("utf-8"), name)
        out.write(f"{name}\n")
        out.write(
            textwrap.fill(scenario.about or scenario.title, WIDTH, initial_indent="    ", subsequent_indent="    ")
            + "\n"
        )
