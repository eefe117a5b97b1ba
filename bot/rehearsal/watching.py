"""Notices what is new in the channels, in the server's events and in people's direct messages."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rehearsal.answers import Journals
from bot.rehearsal.discord_text import event_text, message_text
from bot.rehearsal.discord_world import EVENT_ACTIVE, EVENT_SCHEDULED, Message
from bot.rehearsal.events import ChannelShows, SawPrivately
from bot.rehearsal.stage import Stage


class Watching:
    """Remembers how everything stood when it last looked."""

    def __init__(self, stage: Stage, journals: Journals) -> None:
        self._stage, self._journals = stage, journals
        self._known: dict[int, str] = {}

    def news(self) -> Iterator[ChannelShows | SawPrivately]:
        """What changed since the last look, oldest message first."""
        for message in [m for m in self._stage.discord.world.messages.values() if not m.ephemeral]:
            text = "" if message.deleted_at is not None else message_text(message)
            before = self._known.get(message.id)
            if text == before:
                continue
            self._known[message.id] = text
            yield self._told(message, text, before)
        for event in self._stage.cast.guild.events.values():
            going_on = event.status in (EVENT_SCHEDULED, EVENT_ACTIVE)
            text = event_text(event.body) if going_on else ""
            before = self._known.get(event.id)
            if text != (before or ""):
                self._known[event.id] = text
                yield self._shown("server events", text, before)

    def _told(self, message: Message, text: str, before: str | None) -> ChannelShows | SawPrivately:
        now = self._stage.clock.now()
        shown = self._stage.reader.marked(self._journals.mask(text), now)
        if message.channel.guild is None and message.channel.recipient is not None:
            return SawPrivately(now, message.channel.recipient.name, "direct message", shown)
        return self._shown(message.channel.name, text, before)

    def _shown(self, place: str, text: str, before: str | None) -> ChannelShows:
        now = self._stage.clock.now()
        shown = self._stage.reader.marked(self._journals.mask(text), now)
        return ChannelShows(now, place, "new" if before is None else "changed" if text else "deleted", shown)
