"""How fast direct messages may leave. Discord blocks bots that open them too quickly and publishes no figure."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from bot.adapters.discord_chat.errors import DM_PAUSE
from bot.domain.errors import Transient
from bot.ports import Clock

PER_MINUTE = 10
_WINDOW = timedelta(minutes=1)


class DirectMessagePace:
    """At most `per_minute` direct messages in any minute, and none for an hour after Discord complained.

    Who comes too early is told when to come back instead of waiting here: what asks is durable work with its own patience.
    """

    def __init__(self, clock: Clock, per_minute: int = PER_MINUTE) -> None:
        self._clock = clock
        self._sent: deque[datetime] = deque(maxlen=per_minute)
        self._paused_until: datetime | None = None

    def take(self) -> None:
        """Count one more message.

        Raises:
            Transient: not now; `retry_after` says when.
        """
        now = self._clock.now()
        free_at = self._paused_until or now
        if len(self._sent) == self._sent.maxlen:
            free_at = max(free_at, self._sent[0] + _WINDOW)
        if free_at > now:
            raise Transient(
                "Direct messages leave slowly, so that Discord does not block me. This one follows by itself.",
                code="dm_paced",
                retry_after=free_at - now,
            )
        self._sent.append(now)

    def pause(self) -> None:
        """Discord says that they were opened too fast (40003): none for an hour."""
        self._paused_until = self._clock.now() + DM_PAUSE
