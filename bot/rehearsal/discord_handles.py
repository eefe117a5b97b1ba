"""What a rehearsal holds after a person acted: the bot's answer as that person sees it, and ways to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.rehearsal.discord_errors import NoReply
from bot.rehearsal.discord_interactions import (
    ANSWER_WITHIN,
    DEFER_UPDATE,
    TOKEN_LIVES,
    UPDATE,
    Interaction,
    Modal,
)
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Json, Message, Version

DID_NOT_RESPOND = "The application did not respond"
_LOOK_AGAIN = 0.02
_PATIENCE = 60.0
"""Real seconds until an answer counts as not coming: generous, because only a failure takes so long, and machines can be busy."""


class InteractionHandle:
    """One act of one person. Waiting takes real seconds; whether the bot was too late is read from the stand-in's clock."""

    def __init__(self, interaction: Interaction, now: Callable[[], datetime]) -> None:
        self.interaction, self._now = interaction, now
        self._gave_up = False

    @property
    def error(self) -> str | None:
        """What the person's app shows when no answer came in 3 s, or a deferred one was never completed in 15 min."""
        age = self._now() - self.interaction.created_at
        original = self.interaction.original
        thinking = original is not None and original.deleted_at is None and original.now.loading
        late = self.interaction.answer is None and (age > self.interaction.answer_within or self._gave_up)
        return DID_NOT_RESPOND if late or (thinking and age >= TOKEN_LIVES) else None

    @property
    def messages(self) -> list[Message]:
        """Every message of the answer: the reply (or the message that was updated), then follow-ups."""
        source = self.interaction.message
        first = self.interaction.original
        if self.interaction.answer in (UPDATE, DEFER_UPDATE) and source is not None:
            since = self.interaction.updates_from or 0
            first = source if len(source.versions) > since or source.deleted_at is not None else None
        return [m for m in (first, *self.interaction.followups) if m is not None]

    @property
    def reply(self) -> Message | None:
        """The first message of the answer that is still there, else the first there was; None before any."""
        messages = self.messages
        return next((m for m in messages if m.deleted_at is None), messages[0] if messages else None)

    @property
    def text(self) -> str:
        """The reply as read; empty before there is one."""
        return message_text(self.reply) if self.reply is not None else ""

    @property
    def modal(self) -> Modal | None:
        """The form the bot opened, if it did."""
        return self.interaction.modal

    @property
    def choices(self) -> Sequence[Json] | None:
        """The suggestions the bot gave to an autocomplete."""
        return self.interaction.choices

    @property
    def history(self) -> list[Version]:
        """Every version of every message of the answer, oldest first."""
        source, since = self.interaction.message, self.interaction.updates_from or 0
        versions = [v for m in self.messages for v in (m.versions[since:] if m is source else m.versions)]
        return sorted(versions, key=lambda version: version.at)

    async def wait_reply(self, seconds: float = _PATIENCE) -> Message:
        """The first reply with something to read ("thinking..." is not one).

        Raises:
            NoReply: the bot did not answer in time, or opened a form instead.
        """
        await self._until(lambda: self._readable() or self.modal is not None, seconds, "no reply to read")
        if self.reply is None:
            raise NoReply("the bot opened a form instead of replying")
        return self.reply

    async def wait_until(self, accepts: Callable[[Message], bool], seconds: float = _PATIENCE) -> Message:
        """The reply, once `accepts` is true of it."""

        def good() -> bool:
            return self.reply is not None and self._readable() and accepts(self.reply)

        await self._until(good, seconds, "the reply never became what was waited for")
        return await self.wait_reply(seconds)

    async def wait_settled(self, seconds: float = _PATIENCE, quiet: float = 0.15) -> Message:
        """The reply after it (and its follow-ups) did not change for `quiet` seconds.

        They are counted in looks, not read from a clock: while the machine does something else, nothing has had the time to change.
        """
        ends = asyncio.get_running_loop().time() + seconds
        await self.wait_reply(seconds)
        before, same = self.marks, 0
        while asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(_LOOK_AGAIN)
            now = self.marks
            before, same = now, same + 1 if now == before and self._readable() else 0
            if same * _LOOK_AGAIN >= quiet:
                return await self.wait_reply(seconds)
        raise NoReply(f"the reply was still changing after {seconds} s")

    async def wait_modal(self, seconds: float = _PATIENCE) -> Modal:
        """The form the bot opens; NoReply if it does not."""
        await self._until(lambda: self.modal is not None or self.interaction.answer is not None, seconds, "no form")
        if self.modal is None:
            raise NoReply(f"the bot answered without opening a form: {self.text}")
        return self.modal

    async def wait_choices(self, seconds: float = _PATIENCE) -> Sequence[Json]:
        """The suggestions; NoReply if there are none in time."""
        await self._until(lambda: self.choices is not None, seconds, "no suggestions")
        return self.choices or ()

    def _readable(self) -> bool:
        return self.reply is not None and not self.reply.now.loading

    @property
    def marks(self) -> list[tuple[int, int, bool]]:
        """What differs as soon as anything in the answer does."""
        return [(m.id, len(m.versions), m.deleted_at is None) for m in self.messages]

    async def _until(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        while not done():
            if self.error is not None:
                raise NoReply(self.error)
            if loop.time() - started >= seconds:
                self._gave_up = seconds >= ANSWER_WITHIN.total_seconds()
                raise NoReply(self.error or f"{what} after {seconds} s; answered with type {self.interaction.answer}")
            # an edit through the channel's own endpoint wakes nobody here, so look again at short intervals
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self.interaction.changed.wait()
            except TimeoutError:
                continue
