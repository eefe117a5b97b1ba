"""The buttons under a weekly draft, and "Cancel this and the rest"."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.presses import (
    SERIES_CANCEL,
    SERIES_CREATE,
    SERIES_DISCARD,
    Handler,
    Interaction,
    Press,
)
from bot.adapters.discord_chat.replies.series import SERIES_DISCARDED, rest_cancelled, series_creation
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.series import SeriesId
from bot.domain.values import MeetingId

Subject = tuple[str, ...]


class SeriesPresses:
    """What happens on each press. Rights are checked by the use cases."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {SERIES_CREATE: self._create, SERIES_DISCARD: self._discard, SERIES_CANCEL: self._cancel}

    async def _create(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            series = self._use_cases.series
            return series_creation(await series.confirm(asker.who, asker.guild_id, SeriesId(subject[0])))

        await answer(interaction, "press.series_create", work, in_place=True)

    async def _discard(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            await self._use_cases.series.discard(asker.who, asker.guild_id, SeriesId(subject[0]))
            return SERIES_DISCARDED

        await answer(interaction, "press.series_discard", work, in_place=True)

    async def _cancel(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            cancelling = self._use_cases.series_cancelling
            return rest_cancelled(await cancelling.cancel_rest(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.series_cancel", work, in_place=True)
