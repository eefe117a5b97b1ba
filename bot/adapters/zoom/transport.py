"""One HTTP exchange with Zoom, and how often one may be repeated.

No exception of the HTTP library gets out of here: they hold addresses, and what counts is only whether the request was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic, perf_counter

import aiohttp
import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random,
)
from tenacity.wait import wait_base
from yarl import URL

from bot.adapters.zoom.parsing import JsonObject
from bot.domain.errors import OutcomeUnknown, Transient, VestibuleError

ATTEMPTS = 4
_LOG = structlog.get_logger("vestibule.zoom")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    Args:
        connect: for a connection.
        answer: for one answer, connecting included.
        whole: for a call with its repetitions and waits; no attempt starts later, but one that has started is not cut short.
        pause: the longest wait that Zoom may ask for and that is waited here; a longer one is left to the caller.
    """

    connect: float = 5.0
    answer: float = 20.0
    whole: float = 40.0
    pause: float = 15.0


class Lost(Enum):
    """Why there is no answer."""

    NOT_SENT = "not_sent"
    """There was no connection: nothing has happened."""
    ANSWER = "answer_lost"
    """It was sent, and may have been carried out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `body` is None where it was not a JSON object."""

    status: int
    body: JsonObject | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def good(self) -> bool:
        """Zoom did it."""
        return 200 <= self.status < 300

    @property
    def broken(self) -> bool:
        """Zoom failed, and nobody knows how far it had come."""
        return self.status >= 500

    @property
    def tracking_id(self) -> str:
        """What Zoom's support asks for (https://developers.zoom.us/docs/api/errors/)."""
        return "".join(re.findall(r"[\w.=;:-]", self.headers.get("x-zm-trackingid", "")))[:80]


class Deadline:
    """The end of a call's patience."""

    def __init__(self, patience: Patience) -> None:
        self._at = monotonic() + patience.whole

    def left(self) -> float:
        """Seconds to go; 0 when it has passed."""
        return max(0.0, self._at - monotonic())


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes on the wire. All but `event` and `facts`, which are logged, may hold secrets and is left out of the repr.

    `url` is complete and percent-encoded. `payload` is sent as JSON, `form` as a form.
    """

    event: str
    facts: Mapping[str, str]
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    payload: JsonObject | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


async def exchange(session: aiohttp.ClientSession, outgoing: Outgoing, patience: Patience) -> Answer | Lost:
    """Send one request, read its whole answer, and log how it went: never addresses, bodies or headers."""
    started = perf_counter()
    answer = await _exchange(session, outgoing, patience)
    status, tracking_id = (answer.value, "") if isinstance(answer, Lost) else (answer.status, answer.tracking_id)
    spent = round((perf_counter() - started) * 1000)
    _LOG.info(outgoing.event, **outgoing.facts, status=status, tracking_id=tracking_id, ms=spent)
    return answer


async def _exchange(session: aiohttp.ClientSession, outgoing: Outgoing, patience: Patience) -> Answer | Lost:
    """Redirects are not followed, so that a token goes nowhere else."""
    limits = aiohttp.ClientTimeout(total=patience.answer, connect=patience.connect, sock_connect=patience.connect)
    try:
        async with session.request(
            outgoing.method,
            URL(outgoing.url, encoded=True),
            headers=outgoing.headers,
            json=outgoing.payload,
            data=outgoing.form,
            timeout=limits,
            allow_redirects=False,
        ) as response:
            return Answer(response.status, _json_object(await response.read()), response.headers)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        return Lost.NOT_SENT
    except (aiohttp.ClientError, TimeoutError, OSError):
        return Lost.ANSWER


def _json_object(content: bytes) -> JsonObject | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def lost_error(lost: Lost, *, safe_to_repeat: bool) -> VestibuleError:
    """What it means that an answer did not come."""
    if lost is Lost.NOT_SENT or safe_to_repeat:
        return unreachable()
    return OutcomeUnknown(
        "Zoom did not answer in time, so it is not known whether it was done. Vestibule looks it up before trying again.",
        code="zoom_answer_lost",
    )


def broken_error(*, safe_to_repeat: bool) -> VestibuleError:
    """What a failure on Zoom's side (HTTP 5xx, or an answer nobody can read) means."""
    if safe_to_repeat:
        return Transient(
            "Zoom has trouble answering right now. Please try again in a minute; status.zoom.us says more.",
            code="zoom_down",
        )
    return OutcomeUnknown(
        "Zoom's answer could not be read, so it is not known whether it was done. Vestibule looks it up before trying again.",
        code="zoom_answer_garbled",
    )


def unreachable() -> Transient:
    """Zoom cannot be reached, and nothing was changed."""
    return Transient("Zoom cannot be reached right now. Please try again in a minute.", code="zoom_unreachable")


_WORTH_REPEATING = {"zoom_rate_limited", "zoom_unreachable", "zoom_down"}


async def repeated(
    attempt: Callable[[], Awaitable[JsonObject]],
    *,
    patience: Patience,
    deadline: Deadline,
    sleep: Callable[[float], Awaitable[None]],
) -> JsonObject:
    """Run `attempt` again while it raises a `Transient` that a short wait may cure. Such an error always means that nothing was done by it.

    Raises:
        Transient: among others when the deadline has passed before anything was sent.
    """
    if not deadline.left():
        raise unreachable()

    def worthwhile(error: BaseException) -> bool:
        return isinstance(error, Transient) and error.code in _WORTH_REPEATING and _asked(error) <= patience.pause

    retrying = AsyncRetrying(
        retry=retry_if_exception(worthwhile),
        wait=_AsAsked() + wait_random(0, 0.25),
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(deadline.left()),
        sleep=sleep,
        reraise=True,
    )
    return await retrying(attempt)


class _AsAsked(wait_base):
    """As long as Zoom asked; else a second for a limit counted in seconds, and half a second, doubling, for trouble."""

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, Transient) and error.code == "zoom_rate_limited":
            return _asked(error) or 1.0
        return float(0.5 * 2 ** (retry_state.attempt_number - 1))


def _asked(error: Transient) -> float:
    return error.retry_after.total_seconds() if error.retry_after else 0.0
