"""The search at the end of every rehearsal: every secret there is, in every place where it must not be."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.rehearsal.answers import Journals
from bot.rehearsal.discord_sight import SeenItem
from bot.rehearsal.events import Leak
from bot.rehearsal.logbook import LogBook
from bot.rehearsal.stage import Stage
from bot.rehearsal.zoom_links import WEB

_SHORT = 10
"""Shorter secrets count only where they stand alone: six digits turn up inside longer numbers by chance."""


@dataclass(frozen=True)
class Search:
    """How many secrets were looked for, in how many texts of each kind of place, and what was found."""

    secrets: int
    places: dict[str, int]
    leaks: tuple[Leak, ...]


def search(stage: Stage, journals: Journals, log: LogBook) -> Search:
    """Look for every secret of both stand-ins and of the bot wherever nobody, or somebody else, must find it."""
    tokens = {handle.interaction.token for journal in journals.everyone for handle in journal.handles}
    secrets = stage.zoom.secrets() | stage.own_secrets | tokens | set(journals.given)
    places = {
        "public texts": [f"{item.text}\n{item.raw}" for item in stage.discord.all_public() if _ours(stage, item)],
        "log lines": log.lines,
        "files of the bot": list(_files(stage.folder)),
        "job arguments": list(_job_arguments(stage.folder)),
    }
    hunt = _Hunt(secrets)
    leaks = [Leak(_kind(secret), place) for place, texts in places.items() for secret in hunt.found_in(texts)]
    seen = 0
    for journal in journals.everyone:
        items = [item for item in stage.discord.visible_to(journal.actor.user) if _ours(stage, item)]
        seen += len(items)
        own = "\n".join((*journal.links, *journal.addresses))
        texts = [f"{item.text}\n{item.raw}" for item in items]
        pages = hunt.found_in(journal.pages) - set(journal.codes)
        foreign = {secret for secret in hunt.found_in(texts) if secret not in own}
        leaks += [Leak(_kind(secret), f"a page in {journal.actor.name}'s browser") for secret in pages]
        leaks += [Leak(_kind(secret), f"what {journal.actor.name} sees") for secret in foreign]
    leaks += _shared(stage, journals)
    counts = {"things on people's screens": seen, **{place: len(texts) for place, texts in places.items()}}
    return Search(len(secrets), counts, tuple(leaks))


def _ours(stage: Stage, item: SeenItem) -> bool:
    """What people write themselves is not the bot's doing."""
    return item.message is None or item.message.author is stage.discord.bot


def _shared(stage: Stage, journals: Journals) -> Iterator[Leak]:
    """Personal links that more than one person was shown, or that Zoom keeps under another name than the one they were told."""
    personal = {
        registrant.join_url: registrant
        for meeting in stage.zoom.state.meetings.values()
        for registrant in meeting.registrants.values()
    }
    for link, registrant in personal.items():
        holders = [journal for journal in journals.everyone if link in journal.links]
        if len(holders) > 1:
            names = " and ".join(journal.actor.name for journal in holders)
            yield Leak("personal link", f"the hands of {names}")
        for journal in holders:
            told = [journals.read(handle) for handle in journal.handles if link in journals.text(handle)]
            if told and not any(registrant.name in text for text in told):
                yield Leak(
                    "personal link", f"{journal.actor.name}'s hands, though Zoom knows its holder as {registrant.name}"
                )


class _Hunt:
    """Looks for secrets; through each text once only, because many people see the same ones."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(secrets)
        self._known: dict[str, frozenset[str]] = {}

    def found_in(self, texts: Iterable[str]) -> set[str]:
        """The secrets that occur in the texts."""
        return {secret for text in texts for secret in self._in(text)}

    def _in(self, text: str) -> frozenset[str]:
        if text not in self._known:
            self._known[text] = frozenset(s for s in self._secrets if s in text and _stands_alone(s, text))
        return self._known[text]


def _stands_alone(secret: str, text: str) -> bool:
    """Or is too long to turn up by chance."""
    return len(secret) >= _SHORT or re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None


def _files(folder: Path) -> Iterator[str]:
    """Every file the bot keeps, byte for byte; one character stands for one byte."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes().decode("latin-1")


def _job_arguments(folder: Path) -> Iterator[str]:
    """What every table with a column `args` holds in it."""
    for path in sorted(folder.rglob("*.db")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
                if "args" in columns:
                    yield from (str(row[0]) for row in database.execute(f'SELECT args FROM "{table}"'))  # noqa: S608 - names from the file itself


def _kind(secret: str) -> str:
    """What kind of secret it is, without telling it."""
    if secret.startswith(f"{WEB}/w/"):
        return "personal link"
    if secret.startswith(f"{WEB}/s/"):
        return "start link"
    return "link" if secret.startswith("http") else f"token or passcode of {len(secret)} characters"
