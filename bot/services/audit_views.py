"""`/audit`: the record of what was done, page by page, for organisers. And the note of every command that was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from bot.domain.audit import AuditEntry
from bot.domain.community import MemberFacts, Right
from bot.domain.errors import VestibuleError
from bot.domain.values import GuildId, MemberId
from bot.ports import AuditFilter, Clock, Store
from bot.services.rights import community_where

PAGE = 12

SAYS_ENOUGH = frozenset(
    {
        "join",
        "press.get_link",
        "press.choose",
        "press.other_name",
        "press.was_i_signed_up",
        "press.remind_me",
        "press.remind_me_not",
        "press.audit_page",
    }
)
"""What members press all the time: what follows from it is in the record already."""
NOBODYS_BUSINESS = ("report", "press.report", "press.support", "privacy", "press.privacy")
"""Beginnings of what is never recorded with a name: who reports, who looks for support, who asks what is held about them."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, newest first. `people` are those still known; `older` is where the next page begins, None on the last."""

    entries: tuple[AuditEntry, ...]
    people: Mapping[str, MemberId]
    texts: Mapping[int, str]
    wanted: AuditFilter
    older: int | None


class AuditViews:
    """The command and its pages. Looking at the record is not recorded page by page; the command is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, guild_id: GuildId, who: MemberFacts, wanted: AuditFilter, before: int | None = None
    ) -> AuditPage:
        """A page of the entries that match.

        Raises:
            UserMistake: they are no organiser.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.AUDIT)
            found = await uow.record.page(guild_id, wanted, before, PAGE + 1)
            shown = tuple(found[:PAGE])
            named = {name for entry in shown for name in (entry.actor, entry.subject) if name is not None}
            people = await uow.record.people(guild_id, named)
            texts = await uow.record.texts(guild_id, [entry.seq for entry in shown if entry.text_hash is not None])
        return AuditPage(shown, people, texts, wanted, shown[-1].seq if len(found) > PAGE else None)


class CommandRecord:
    """Notes every command and press with its outcome, refusals included, after it was answered."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(self, guild_id: GuildId, member_id: MemberId, command: str, outcome: str) -> None:
        """Never raises: the person has their answer already, and what the command did is recorded with what it did."""
        if command in SAYS_ENOUGH or command.startswith(NOBODYS_BUSINESS):
            return
        facts = {"command": command, "outcome": outcome}
        try:
            async with self._store.work() as uow:
                await uow.audit.append(guild_id, "command.used", at=self._clock.now(), actor=member_id, facts=facts)
                await uow.commit()
        except VestibuleError as error:
            _log.warning("audit.command_not_noted", command=command, outcome=outcome, why=error.code)
