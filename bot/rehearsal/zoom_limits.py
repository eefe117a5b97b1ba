"""Zoom's limits on how often: per account by label and plan, per host, per registrant.

https://developers.zoom.us/docs/api/rate-limits/ . Seconds are counted on a steady clock of their own, days are UTC days of the stand-in's clock,
so that a rehearsal may move the calendar without meeting a frozen second.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Literal

from bot.rehearsal.zoom_wire import ZoomError

CREATES_AND_UPDATES_PER_HOST = 100
ADDS_PER_REGISTRANT = 3
STATUS_UPDATES_PER_REGISTRANT = 10

RetryAfterForm = Literal["iso", "seconds", "http_date", "absent"]

_PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
_PER_DAY = (
    "You have reached the maximum daily rate limit for this API. "
    "Refer to the response header for details on when you can make another request."
)
_HOST_CAP = (
    "You have exceeded the daily rate limit ({limit}) of Meeting Create/Update API requests permitted for this particular user. "
    "You may resume these requests at GMT 00:00:00."
)
_REGISTRANT_CAP = (
    "You have exceeded the daily rate limit of ({limit}) for {what} API requests for the registrant ({email}). "
    "You can resume these API requests at GMT 00:00:00."
)


class Label(StrEnum):
    """How costly an endpoint is to Zoom."""

    LIGHT = "LIGHT"
    MEDIUM = "MEDIUM"
    HEAVY = "HEAVY"
    RESOURCE = "RESOURCE-INTENSIVE"


class Plan(StrEnum):
    """The plan of a Zoom account; `BUSINESS` stands for Business and above."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Allowance:
    """`calls` within `seconds`."""

    calls: int
    seconds: float


ALLOWANCES: dict[Plan, dict[Label, Allowance]] = {
    Plan.FREE: {
        Label.LIGHT: Allowance(4, 1),
        Label.MEDIUM: Allowance(2, 1),
        Label.HEAVY: Allowance(1, 1),
        Label.RESOURCE: Allowance(10, 60),
    },
    Plan.PRO: {
        Label.LIGHT: Allowance(30, 1),
        Label.MEDIUM: Allowance(20, 1),
        Label.HEAVY: Allowance(10, 1),
        Label.RESOURCE: Allowance(10, 60),
    },
    Plan.BUSINESS: {
        Label.LIGHT: Allowance(80, 1),
        Label.MEDIUM: Allowance(60, 1),
        Label.HEAVY: Allowance(40, 1),
        Label.RESOURCE: Allowance(20, 60),
    },
}

DAILY: dict[Plan, tuple[tuple[frozenset[Label], int], ...]] = {
    Plan.FREE: (
        (frozenset({Label.LIGHT}), 6_000),
        (frozenset({Label.MEDIUM}), 2_000),
        (frozenset({Label.HEAVY}), 1_000),
        (frozenset({Label.RESOURCE}), 30_000),
    ),
    Plan.PRO: ((frozenset({Label.HEAVY, Label.RESOURCE}), 30_000),),
    Plan.BUSINESS: ((frozenset({Label.HEAVY, Label.RESOURCE}), 60_000),),
}
"""Calls a day that a group of labels shares; a label in no group has no daily limit."""


class Limits:
    """Counts calls and refuses those over a limit. Switched off with `enabled = False`; nothing is counted then.

    Args:
        now: aware UTC; decides the day and the dates in headers.
        seconds: a clock that only goes forward, in seconds.

    `retry_after` chooses the form of that header: Zoom's own is an ISO-8601 date-time, and at times it is missing.
    """

    def __init__(self, now: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        self.enabled = True
        self.retry_after: RetryAfterForm = "iso"
        self._now = now
        self._seconds = seconds
        self._recent: dict[tuple[str, Label], deque[float]] = {}
        self._day: date | None = None
        self._today: Counter[tuple[str, ...]] = Counter()

    def count(self, *key: str) -> int:
        """How often something was counted this UTC day; see `today`."""
        return self.today().get(key, 0)

    def today(self) -> dict[tuple[str, ...], int]:
        """All counters of this UTC day: `("label", account, label)`, `("host", host)`, `("add"|"status", meeting, email)`."""
        self._turn_day()
        return dict(self._today)

    def spend_call(self, account: str, plan: Plan, label: Label, *, per_second_code: int = 429) -> None:
        """Count one call of an account.

        Raises:
            ZoomError: 429, per second (code `per_second_code`) or per day.
        """
        if not self.enabled:
            return
        self._turn_day()
        self._refuse_over_daily(account, plan, label)
        allowance = ALLOWANCES[plan][label]
        recent = self._recent.setdefault((account, label), deque())
        instant = self._seconds()
        while recent and instant - recent[0] >= allowance.seconds:
            recent.popleft()
        if len(recent) >= allowance.calls:
            raise self.per_second(label, allowance.calls, per_second_code)
        recent.append(instant)
        self._today["label", account, label] += 1

    def spend_host_write(self, account: str, plan: Plan, host: str) -> None:
        """Count one meeting creation or update of a host.

        Raises:
            ZoomError: 429 after 100 in a UTC day. As seen in the field (https://devforum.zoom.us/t/-/18928), the headers are those of the
                account's daily light budget and do not say when to come back.
        """
        if self.enabled and not self._spend(CREATES_AND_UPDATES_PER_HOST, "host", host):
            daily = next((cap for labels, cap in DAILY[plan] if Label.LIGHT in labels), 0)
            left = max(0, daily - self._today["label", account, Label.LIGHT])
            headers = _budget_headers(Label.LIGHT, daily, left)
            raise ZoomError(429, 429, _HOST_CAP.format(limit=CREATES_AND_UPDATES_PER_HOST), headers=headers)

    def spend_registrant_adds(self, meeting: str, emails: list[str]) -> None:
        """Count one add request for each registrant of a meeting.

        Raises:
            ZoomError: 429 after 3 in a UTC day for one of them; then none is counted.
        """
        self._spend_registrants(meeting, emails, "add", ADDS_PER_REGISTRANT, "Add a meeting registrant")

    def spend_status_updates(self, meeting: str, emails: list[str]) -> None:
        """Count one status update for each registrant of a meeting.

        Raises:
            ZoomError: 429 after 10 in a UTC day for one of them; then none is counted.
        """
        what = "Update meeting registrant status"
        self._spend_registrants(meeting, emails, "status", STATUS_UPDATES_PER_REGISTRANT, what)

    def per_second(self, label: Label, limit: int, code: int = 429) -> ZoomError:
        """The answer when a second's calls are used up."""
        headers = _budget_headers(label, limit, 0) | {"X-RateLimit-Type": "QPS"}
        return ZoomError(429, code, _PER_SECOND, headers=headers | self._come_back(self._now() + timedelta(seconds=1)))

    def _refuse_over_daily(self, account: str, plan: Plan, label: Label) -> None:
        for labels, cap in DAILY[plan]:
            if label in labels and sum(self._today["label", account, each] for each in labels) >= cap:
                headers = _budget_headers(label, cap, 0) | {"X-RateLimit-Type": "Daily-limit"}
                raise ZoomError(429, 429, _PER_DAY, headers=headers | self._come_back(self._midnight()))

    def _spend_registrants(self, meeting: str, emails: list[str], kind: str, cap: int, what: str) -> None:
        if not self.enabled:
            return
        self._turn_day()
        asked = Counter(emails)
        for email, times in asked.items():
            if self._today[kind, meeting, email] + times > cap:
                headers = {"X-RateLimit-Category": "Light"}
                raise ZoomError(429, 429, _REGISTRANT_CAP.format(limit=cap, what=what, email=email), headers=headers)
        for email, times in asked.items():
            self._today[kind, meeting, email] += times

    def _spend(self, cap: int, *key: str) -> bool:
        self._turn_day()
        if self._today[key] >= cap:
            return False
        self._today[key] += 1
        return True

    def _turn_day(self) -> None:
        today = self._now().astimezone(UTC).date()
        if today != self._day:
            self._day = today
            self._today.clear()

    def _midnight(self) -> datetime:
        tomorrow = self._now().astimezone(UTC) + timedelta(days=1)
        return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)

    def _come_back(self, when: datetime) -> dict[str, str]:
        match self.retry_after:
            case "absent":
                return {}
            case "seconds":
                return {"Retry-After": str(max(1, round((when - self._now()).total_seconds())))}
            case "http_date":
                return {"Retry-After": format_datetime(when.astimezone(UTC), usegmt=True)}
            case "iso":
                return {"Retry-After": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _budget_headers(label: Label, limit: int, remaining: int) -> dict[str, str]:
    return {
        "X-RateLimit-Category": label.capitalize(),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
    }
