"""Time, chance and phrases for times: the real clock, one that can be moved, a cryptographic source of ids, and a reader of "tomorrow 7pm"."""

from bot.adapters.timing.chance import SystemChance
from bot.adapters.timing.clocks import MovableClock, SystemClock
from bot.adapters.timing.phrases import DatePhrases
from bot.adapters.timing.weekly import WallClockWeeks

__all__ = ["DatePhrases", "MovableClock", "SystemChance", "SystemClock", "WallClockWeeks"]
