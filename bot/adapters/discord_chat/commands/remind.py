"""The buttons "Remind me" and "Do not remind me" in a member's private answers."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.presses import REMIND_ME, REMIND_ME_NOT, Handler, Interaction, Press
from bot.adapters.discord_chat.replies.reminding import NOT_REMINDED, will_remind
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.values import MeetingId


class ReminderPresses:
    """What happens on each press; who may be reminded is decided by the use case."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {REMIND_ME: self._remind, REMIND_ME_NOT: self._do_not}

    async def _remind(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        async def work(asker: Asker) -> Reply:
            reminding = self._use_cases.reminding
            return will_remind(await reminding.ask(asker.guild_id, MeetingId(subject[0]), asker.who))

        await answer(interaction, "press.remind_me", work)

    async def _do_not(self, interaction: Interaction, subject: tuple[str, ...]) -> None:
        async def work(asker: Asker) -> Reply:
            await self._use_cases.reminding.forget(asker.guild_id, MeetingId(subject[0]), asker.who)
            return NOT_REMINDED

        await answer(interaction, "press.remind_me_not", work, in_place=True)
