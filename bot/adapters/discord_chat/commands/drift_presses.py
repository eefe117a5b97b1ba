"""The buttons under alerts in the moderators' channel. Everybody there sees them; the rights are checked on every press."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.presses import (
    DRIFT_ACCEPT,
    DRIFT_ANEW,
    DRIFT_RESTORE,
    Handler,
    Interaction,
    Press,
)
from bot.adapters.discord_chat.replies import drift, meetings
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.values import MeetingId

Subject = tuple[str, ...]


class DriftPresses:
    """Restore, Accept and Plan it anew. The answer is private; the alert itself is changed when the decision is kept."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {DRIFT_RESTORE: self._restore, DRIFT_ACCEPT: self._accept, DRIFT_ANEW: self._anew}

    async def _restore(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            drifting = self._use_cases.drifting
            return drift.restored(await drifting.restore(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.drift_restore", work)

    async def _accept(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            drifting = self._use_cases.drifting
            return drift.accepted(await drifting.accept(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.drift_accept", work)

    async def _anew(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            anew = self._use_cases.planning_anew
            return meetings.draft(await anew.draft(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.drift_anew", work)
