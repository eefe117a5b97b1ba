"""The one place where an interaction is answered: at once with "thinking", in private, then with the result or with what went wrong.

Discord wants a first answer within 3 seconds and takes changes to it for 15 minutes; the first answer fixes that it is private
(https://docs.discord.com/developers/interactions/receiving-and-responding).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from weakref import WeakKeyDictionary

import discord
import structlog
from discord import ui

from bot import metrics
from bot.adapters.discord_chat.errors import explained
from bot.adapters.discord_chat.facts import asked_at, facts_of
from bot.adapters.discord_chat.presses import Handler, Interaction
from bot.adapters.discord_chat.replies.problems import GAVE_UP, STILL_WORKING, answer_to, our_fault
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.views.layout import files, layout
from bot.domain.community import MemberFacts
from bot.domain.errors import UserMistake, VestibuleError
from bot.domain.invite import TAG_ALPHABET
from bot.domain.values import GuildId, MemberId

_log = structlog.get_logger("vestibule.discord")
_NO_PINGS = discord.AllowedMentions.none()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who acted, where, and when Discord said so."""

    guild_id: GuildId
    who: MemberFacts
    asked_at: datetime


Work = Callable[[Asker], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until the person is told that it takes longer, and until the answer can no longer be changed (with a minute to spare)."""

    slow: float = 4.0
    lost: float = 14 * 60.0


PATIENCE = Patience()


def asker_of(interaction: Interaction) -> Asker:
    """Who acted.

    Raises:
        UserMistake: it was done outside a server.
    """
    who = facts_of(interaction)
    if interaction.guild_id is None:
        raise UserMistake("This works in a server only.", code="no_guild")
    return Asker(GuildId(interaction.guild_id), who, asked_at(interaction))


async def answer(interaction: Interaction, name: str, work: Work, *, in_place: bool = False) -> str:
    """Do `work` for whoever acted and show them what it gives. Leaves one log event with ids and the outcome, never what people typed.

    Args:
        name: the command or press, as the log names it.
        in_place: the result replaces the private message whose button was pressed; a problem is told beside it, so that the button
            stays. Otherwise everything is told in a private message of its own.

    Returns:
        The outcome: the code of the reply, with ".unseen" behind it where Discord did not take the reply.
    """

    async def do() -> Reply:
        return await work(asker_of(interaction))

    return await _answer(interaction, name, do, in_place=in_place)


async def answer_person(interaction: Interaction, name: str, work: Callable[[MemberId], Awaitable[Reply]]) -> str:
    """As `answer`, for a press that may come from a direct message: there nobody has roles, so `work` is given the person alone."""

    async def do() -> Reply:
        return await work(MemberId(interaction.user.id))

    return await _answer(interaction, name, do, in_place=False)


async def _answer(interaction: Interaction, name: str, work: Callable[[], Awaitable[Reply]], *, in_place: bool) -> str:
    desk = _InPlace(interaction) if in_place else _Anew(interaction)
    began = time.monotonic()
    with structlog.contextvars.bound_contextvars(
        command=name, guild_id=interaction.guild_id, member_id=interaction.user.id, interaction_id=interaction.id
    ):
        code = await _answered(interaction, desk, work)
        metrics.count_command(name, code)
        _log.info("discord.command", outcome=code, ms=round((time.monotonic() - began) * 1000))
        await _note(interaction, name, code)
    return code


async def show_again(interaction: Interaction, reply: Reply) -> bool:
    """Change an answer that was given already; whether Discord took it."""
    return await _sent(interaction.edit_original_response(view=layout(reply), allowed_mentions=_NO_PINGS))


Noting = Callable[[GuildId, MemberId, str, str], Awaitable[None]]
_NOTING: WeakKeyDictionary[discord.Client, Noting] = WeakKeyDictionary()


def note_with(client: discord.Client, noting: Noting) -> None:
    """From now on tell `noting` of every command and press in a server that this client answered: community, person, name, outcome."""
    _NOTING[client] = noting


async def _note(interaction: Interaction, name: str, outcome: str) -> None:
    noting = _NOTING.get(interaction.client)
    if noting is not None and interaction.guild_id is not None:
        await noting(GuildId(interaction.guild_id), MemberId(interaction.user.id), name, outcome)


def guarded(name: str, handle: Handler) -> Handler:
    """`handle`, whose failures before it answers are answered too."""

    async def run(interaction: Interaction, subject: tuple[str, ...]) -> None:
        try:
            await handle(interaction, subject)
        except Exception as failure:
            await answer(interaction, name, partial(_raising, failure))

    return run


async def _raising(failure: Exception, _: Asker) -> Reply:
    raise failure


async def _answered(interaction: Interaction, desk: _Anew | _InPlace, work: Callable[[], Awaitable[Reply]]) -> str:
    if not await _sent(desk.acknowledge()):
        return "expired"
    task = asyncio.ensure_future(_outcome(interaction, work))
    try:
        done, _ = await asyncio.wait({task}, timeout=PATIENCE.slow)
        if not done:
            await _sent(desk.wait())
            done, _ = await asyncio.wait({task}, timeout=PATIENCE.lost - PATIENCE.slow)
        reply, worked = task.result() if done else (GAVE_UP, False)
    finally:
        task.cancel()
    shown = await _sent(desk.show(reply) if worked else desk.problem(reply))
    return reply.code if shown else f"{reply.code}.unseen"


async def _outcome(interaction: Interaction, work: Callable[[], Awaitable[Reply]]) -> tuple[Reply, bool]:
    """The reply, and whether the work was done."""
    try:
        return await work(), True
    except VestibuleError as error:
        return answer_to(error, interaction.created_at), False
    except Exception:
        reference = reference_of(interaction.id)
        _log.exception("discord.bug", reference=reference)
        return our_fault(reference), False


def reference_of(interaction_id: int) -> str:
    """Four characters to read out, the same for the same interaction."""
    digest = hashlib.sha256(str(interaction_id).encode()).digest()
    return "".join(TAG_ALPHABET[byte % len(TAG_ALPHABET)] for byte in digest[:4])


async def _sent(message: Awaitable[object]) -> bool:
    """Whether Discord took it. What it refuses now (the 15 minutes are over, the message was dismissed) nobody can be told."""
    try:
        await message
    except (discord.InteractionResponded, discord.HTTPException, discord.RateLimited, OSError, TimeoutError) as error:
        known = explained(error, "")
        _log.warning("discord.answer_refused", why=known.code if known is not None else type(error).__name__)
        return False
    return True


class _Anew:
    """A private message of its own: "thinking", perhaps "still working", then the answer."""

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction

    async def acknowledge(self) -> None:
        await self._interaction.response.defer(ephemeral=True, thinking=True)

    async def wait(self) -> None:
        await self.show(STILL_WORKING)

    async def show(self, reply: Reply) -> None:
        await self._interaction.edit_original_response(
            view=layout(reply), attachments=files(reply) or discord.utils.MISSING, allowed_mentions=_NO_PINGS
        )

    async def problem(self, reply: Reply) -> None:
        await self.show(reply)


class _InPlace:
    """The pressed private message itself; what is not the result stands in a second private message, so that the buttons stay."""

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction
        self._second: discord.WebhookMessage | None = None

    async def acknowledge(self) -> None:
        await self._interaction.response.defer()

    async def wait(self) -> None:
        self._second = await self._followup(layout(STILL_WORKING))

    async def show(self, reply: Reply) -> None:
        await self._interaction.edit_original_response(
            view=layout(reply), attachments=files(reply) or discord.utils.MISSING, allowed_mentions=_NO_PINGS
        )
        if self._second is not None:
            await self._second.delete()

    async def problem(self, reply: Reply) -> None:
        if self._second is not None:
            await self._second.edit(view=layout(reply), allowed_mentions=_NO_PINGS)
        else:
            await self._followup(layout(reply))

    async def _followup(self, view: ui.LayoutView) -> discord.WebhookMessage:
        return await self._interaction.followup.send(view=view, ephemeral=True, wait=True, allowed_mentions=_NO_PINGS)
