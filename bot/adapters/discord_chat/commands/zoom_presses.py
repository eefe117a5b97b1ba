"""The buttons, menus and the form under what `/zoom` shows. They work after any restart, and check rights on every press."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.presses import (
    ZOOM_CODE,
    ZOOM_DEFAULT,
    ZOOM_SHOW,
    ZOOM_UNLINK,
    ZOOM_UNLINK_CONFIRM,
    ZOOM_UNLINK_NOT,
    Handler,
    Interaction,
    Press,
    chosen_values,
)
from bot.adapters.discord_chat.replies import zoom
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.discord_chat.views.forms import CodeForm
from bot.domain.values import LinkId

Subject = tuple[str, ...]


class ZoomPresses:
    """What happens on each press about Zoom accounts."""

    def __init__(self, use_cases: UseCases) -> None:
        self._requests = use_cases.link_requests
        self._status = use_cases.account_status
        self._unlinking = use_cases.unlinking

    def presses(self) -> Mapping[Press, Handler]:
        """What happens on each press."""
        return {
            ZOOM_CODE: self._ask_code,
            ZOOM_SHOW: self._show,
            ZOOM_DEFAULT: self._make_default,
            ZOOM_UNLINK: self._ask_unlink,
            ZOOM_UNLINK_CONFIRM: self._unlink,
            ZOOM_UNLINK_NOT: self._keep,
        }

    async def _ask_code(self, interaction: Interaction, _: Subject) -> None:
        await interaction.response.send_modal(CodeForm(self._typed))

    async def _typed(self, interaction: Interaction, code: str) -> None:
        async def confirm(asker: Asker) -> Reply:
            return zoom.linked(await self._requests.confirm(asker.who, asker.guild_id, code))

        await answer(interaction, "press.zoom_code", confirm, in_place=True)

    async def _show(self, interaction: Interaction, subject: Subject) -> None:
        link_id = _meant(interaction, subject)

        async def look(asker: Asker) -> Reply:
            return zoom.status(await self._status.status(asker.who, asker.guild_id), link_id)

        await answer(interaction, "press.zoom_show", look, in_place=True)

    async def _make_default(self, interaction: Interaction, subject: Subject) -> None:
        link_id = _meant(interaction, subject)

        async def change(asker: Asker) -> Reply:
            await self._unlinking.make_default(asker.who, asker.guild_id, link_id)
            return zoom.status(await self._status.status(asker.who, asker.guild_id), link_id)

        await answer(interaction, "press.zoom_default", change, in_place=True)

    async def _ask_unlink(self, interaction: Interaction, subject: Subject) -> None:
        link_id = _meant(interaction, subject)

        async def look(asker: Asker) -> Reply:
            return zoom.unlink_question(await self._unlinking.removable(asker.who, asker.guild_id), link_id)

        await answer(interaction, "press.zoom_unlink", look, in_place=True)

    async def _unlink(self, interaction: Interaction, subject: Subject) -> None:
        async def unlink(asker: Asker) -> Reply:
            return zoom.unlinked(await self._unlinking.unlink(asker.who, asker.guild_id, LinkId(subject[0])))

        await answer(interaction, "press.zoom_unlinked", unlink, in_place=True)

    async def _keep(self, interaction: Interaction, _: Subject) -> None:
        async def kept(_: Asker) -> Reply:
            return zoom.KEPT

        await answer(interaction, "press.zoom_keep", kept, in_place=True)


def _meant(interaction: Interaction, subject: Subject) -> LinkId:
    """The account chosen in the menu, or the one the button is about."""
    return LinkId(next(iter(chosen_values(interaction)), subject[0]))
