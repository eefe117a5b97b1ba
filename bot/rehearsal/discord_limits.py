"""How much the stand-in lets a bot do: per-route and global request limits, and the figures of the other limits.

https://docs.discord.com/developers/topics/rate-limits . Discord publishes no per-route figures, so those here are choices: 5 messages in 5 s a
channel is what it has long answered, the rest is generous. Windows run on the monotonic clock, not on the stand-in's own: a client sleeps real
seconds when told `retry_after`, whatever a rehearsal does to the date.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.rehearsal.discord_errors import ApiError

Headers = dict[str, str]

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"


@dataclass
class Limits:
    """Figures a rehearsal may change; (requests, seconds) for routes. `answer_within`: seconds until an unanswered interaction has failed."""

    routes: dict[tuple[str, str], tuple[int, float]] = field(
        default_factory=lambda: {
            ("POST", MESSAGES): (5, 5.0),
            ("PATCH", MESSAGE): (5, 5.0),
            ("DELETE", MESSAGE): (5, 1.0),
        }
    )
    other_routes: tuple[int, float] = (20, 1.0)
    requests_per_second: int = 50
    dm_opens_per_minute: int = 20
    command_creates_per_day: int = 200
    gateway_sends_per_minute: int = 120
    identifies_per_day: int = 1000
    max_concurrency: int = 1
    identify_window: float = 5.0
    answer_within: float = 3.0


class Window:
    """Counts acts in the last `seconds`; `allow` says whether one more fits, and counts it if so."""

    def __init__(self, most: int, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.most, self.seconds, self._monotonic = most, seconds, monotonic
        self._at: deque[float] = deque()

    def allow(self) -> bool:
        """Count one act, unless `most` were counted within the window."""
        now = self._monotonic()
        while self._at and now - self._at[0] >= self.seconds:
            self._at.popleft()
        if len(self._at) >= self.most:
            return False
        self._at.append(now)
        return True

    @property
    def left(self) -> int:
        """How many more fit, as of the last `allow`."""
        return self.most - len(self._at)

    def reset_after(self) -> float:
        """Seconds until the oldest counted act leaves the window."""
        return max(0.001, self._at[0] + self.seconds - self._monotonic()) if self._at else 0.0


class TooManyRequests(ApiError):
    """429 with the headers that say so. Without `Via` discord.py takes the answer for a Cloudflare ban and raises at once."""

    def __init__(self, retry_after: float, headers: Headers, *, everywhere: bool) -> None:
        super().__init__(429, 0, "You are being rate limited.", retry_after=round(retry_after, 3))
        self.everywhere = everywhere
        scope = "global" if everywhere else "user"
        self.headers = headers | {
            "Via": "1.1 google",
            "Retry-After": str(int(retry_after) + 1),
            "X-RateLimit-Scope": scope,
        }
        if everywhere:
            self.headers["X-RateLimit-Global"] = "true"

    def body(self) -> dict[str, object]:
        """The JSON body; it has no code."""
        return {"message": self.message, "retry_after": self.retry_after, "global": self.everywhere}


class RateLimiter:
    """Per-route windows, keyed by route and major parameter, and one window for everything."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._monotonic = limits, monotonic
        self._routes: dict[tuple[str, str, str], Window] = {}
        self._global = Window(limits.requests_per_second, 1.0, monotonic)

    def check(self, method: str, template: str, params: Mapping[str, str], *, counts_globally: bool) -> Headers:
        """Count one request and return its X-RateLimit headers; raises TooManyRequests."""
        major = "/".join(
            params[n]
            for n in ("guild_id", "channel_id", "webhook_id", "webhook_token", "interaction_token")
            if n in params
        )
        most, seconds = self._limits.routes.get((method, template), self._limits.other_routes)
        window = self._routes.setdefault((method, template, major), Window(most, seconds, self._monotonic))
        if counts_globally:
            self._global.most = self._limits.requests_per_second
            if not self._global.allow():
                raise TooManyRequests(self._global.reset_after(), {}, everywhere=True)
        allowed = window.allow()
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(window.left),
            "X-RateLimit-Reset-After": f"{window.reset_after():.3f}",
            "X-RateLimit-Reset": f"{time.time() + window.reset_after():.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(f"{method} {template}".encode()).hexdigest()[:32],
        }
        if not allowed:
            raise TooManyRequests(window.reset_after(), headers, everywhere=False)
        return headers
