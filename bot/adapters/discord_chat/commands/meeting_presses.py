"""The buttons under what `/meeting` shows. They work after any restart, and check rights on every press."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.presses import (
    ACCEPT,
    CANCEL,
    CANCEL_CONFIRM,
    CANCEL_NOT,
    CHECK_AGAIN,
    DRAFT_CREATE,
    DRAFT_DISCARD,
    LIST_PAGE,
    SHOW_ONE,
    SHOW_PAGE,
    Handler,
    Interaction,
    Press,
    chosen_values,
)
from bot.adapters.discord_chat.replies import meetings, planned
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.values import MeetingId

Subject = tuple[str, ...]


class MeetingPresses:
    """What happens on each press under a draft, a creation, the list, and a meeting."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {
            DRAFT_CREATE: self._create,
            DRAFT_DISCARD: self._discard,
            ACCEPT: self._accept,
            CHECK_AGAIN: self._check_again,
            CANCEL: self._ask_cancel,
            CANCEL_CONFIRM: self._cancel,
            CANCEL_NOT: self._keep,
            LIST_PAGE: self._list,
            SHOW_PAGE: self._show,
            SHOW_ONE: self._show_one,
        }

    async def _create(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            creating = self._use_cases.creating
            return meetings.creation(await creating.confirm(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.create", work, in_place=True)

    async def _discard(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            await self._use_cases.drafting.discard(asker.who, asker.guild_id, MeetingId(subject[0]))
            return meetings.DISCARDED

        await answer(interaction, "press.discard", work, in_place=True)

    async def _accept(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            creating = self._use_cases.creating
            return meetings.creation(await creating.accept(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.accept", work, in_place=True)

    async def _check_again(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            creating = self._use_cases.creating
            return meetings.creation(await creating.check_again(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.check_again", work, in_place=True)

    async def _ask_cancel(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            view = await self._use_cases.views.show(asker.who, asker.guild_id, MeetingId(subject[0]))
            return meetings.cancel_question(view)

        await answer(interaction, "press.cancel", work)

    async def _cancel(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            cancelling = self._use_cases.cancelling
            return meetings.cancellation(await cancelling.cancel(asker.who, asker.guild_id, MeetingId(subject[0])))

        await answer(interaction, "press.cancel_confirm", work, in_place=True)

    async def _keep(self, interaction: Interaction, _: Subject) -> None:
        async def work(_: Asker) -> Reply:
            return meetings.KEPT

        await answer(interaction, "press.keep", work, in_place=True)

    async def _list(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            found = await self._use_cases.series_views.listing(asker.who, asker.guild_id)
            return planned.upcoming(found, int(subject[0]), self._use_cases.clock.now())

        await answer(interaction, "press.list", work, in_place=True)

    async def _show(self, interaction: Interaction, subject: Subject) -> None:
        async def work(asker: Asker) -> Reply:
            view = await self._use_cases.views.show(asker.who, asker.guild_id, MeetingId(subject[0]))
            return planned.one_meeting(view, int(subject[1]))

        await answer(interaction, "press.show", work, in_place=True)

    async def _show_one(self, interaction: Interaction, subject: Subject) -> None:
        meeting = next(iter(chosen_values(interaction)), subject[0])

        async def work(asker: Asker) -> Reply:
            view = await self._use_cases.views.show(asker.who, asker.guild_id, MeetingId(meeting))
            return planned.one_meeting(view, 0)

        await answer(interaction, "press.show", work)
