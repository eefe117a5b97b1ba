"""Deliveries of Zoom's events: are they genuine, and what of them may be kept. Nothing here opens a socket or a database.

https://developers.zoom.us/docs/api/webhooks/
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from urllib.parse import urlsplit

from bot.adapters.zoom.event_fields import FIELDS, LEAVE_REASONS, Keep
from bot.adapters.zoom.parsing import JsonObject, moment, number, section, text
from bot.domain.errors import UntrustedInput
from bot.domain.values import Secret, SessionId, ZoomMeetingId, ZoomUserId
from bot.domain.zoom_links import find_links
from bot.ports import Clock, Delivery, EventKind, Fact, IncomingEvent, NotKept, UrlChallenge

OLDEST = timedelta(hours=2)
"""Zoom repeats a failed delivery after 5, 20 and 60 minutes, and does not say whether with the old or a new timestamp."""
NEWEST = timedelta(minutes=5)
"""How far Zoom's clock may be ahead of ours."""
VALIDATION = "endpoint.url_validation"

_LONGEST_ID = 128
_LONGEST_NAME = 64
_LONGEST_WORD = 32
_LONGEST_ADDRESS = 300
_ADDRESS = re.compile(r"[!-;=?-~]+")
"""Printable ASCII without blanks and angle brackets."""
_KINDS = {kind.value: kind for kind in EventKind}
_OF_NO_MEETING = frozenset({EventKind.DEAUTHORIZED})

AddressHash = Callable[[str], str]


def address_hash(key: bytes, address: str) -> str:
    """An e-mail address as a keyed hash, whatever its capitals: 32 hexadecimal digits."""
    return hmac.digest(key, address.strip().lower().encode(errors="replace"), "sha256").hex()[:32]


def signature_of(secret: Secret, timestamp: str, body: bytes) -> str:
    """What `x-zm-signature` must be for this body as it came over the wire."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.digest(secret.reveal().encode(), signed, "sha256").hex()


class ZoomEventParser:
    """Takes from an event what may be kept, whoever vouches for it being Zoom's.

    Args:
        hashed: replaces an e-mail address.
    """

    def __init__(self, hashed: AddressHash) -> None:
        ways = {**_WAYS, Keep.HASHED: hashed}
        self._kept = {kind: [(kept, ways[kept.how]) for kept in fields] for kind, fields in FIELDS.items()}

    def parse(self, body: bytes, sent_at: datetime) -> IncomingEvent | NotKept:
        """The event.

        Args:
            sent_at: when it was sent, where it does not say when it happened.

        Raises:
            UntrustedInput: "malformed".
        """
        return self.event(_envelope(body), body, sent_at)

    def event(self, envelope: JsonObject, body: bytes, sent_at: datetime) -> IncomingEvent | NotKept:
        """The same of a body that has been read."""
        name, payload = text(envelope, "event"), section(envelope, "payload")
        if not name:
            raise _untrusted("malformed")
        kind = _KINDS.get(name)
        found = None if kind is None else self._event(kind, envelope, payload, sent_at, body)
        return found or NotKept(name[:_LONGEST_ID])

    def _event(
        self, kind: EventKind, envelope: JsonObject, payload: JsonObject, sent_at: datetime, body: bytes
    ) -> IncomingEvent | None:
        """The event; None if it does not say what it is about."""
        about = section(payload, "object")
        account, meeting = _id(payload, "account_id"), _id(about, "id")
        if not account or not (meeting or kind in _OF_NO_MEETING):
            return None
        host = _id(payload, "user_id") if kind in _OF_NO_MEETING else _id(about, "host_id")
        session = _id(about, "uuid")
        return IncomingEvent(
            key=hashlib.sha256(body).hexdigest(),
            kind=kind,
            account_id=account,
            at=_happened(envelope, payload) or sent_at,
            zoom_id=ZoomMeetingId(meeting) if meeting else None,
            session_id=SessionId(session) if session else None,
            host_id=ZoomUserId(host) if host else None,
            facts=self._facts(kind, about),
        )

    def _facts(self, kind: EventKind, about: JsonObject) -> dict[str, Fact]:
        """What may be kept; nothing where Zoom said nothing: missing, null and "" mean the same."""
        facts: dict[str, Fact] = {}
        holders: dict[tuple[str, ...], JsonObject] = {(): about}
        for kept, reduced in self._kept[kind]:
            holder = holders.get(kept.above)
            if holder is None:
                holder = holders[kept.above] = reduce(section, kept.above, about)
            said = text(holder, kept.field)
            value = reduced(said) if said else None
            if value is not None:
                facts[kept.name] = value
        return facts


class ZoomEventReader:
    """Implements `bot.ports.EventReader`.

    Args:
        secret: the app's Secret Token.
        hashed: replaces an e-mail address.
    """

    def __init__(self, secret: Secret, clock: Clock, hashed: AddressHash) -> None:
        self._secret = secret
        self._clock = clock
        self._parser = ZoomEventParser(hashed)

    def read(self, *, timestamp: str, signature: str, body: bytes) -> Delivery:
        """What was delivered.

        Raises:
            UntrustedInput: "unsigned", "stale" or "malformed".
        """
        self._demand_signature(timestamp, signature, body)
        self._demand_fresh(timestamp)
        envelope = _envelope(body)
        if text(envelope, "event") == VALIDATION:
            return self._challenge(section(envelope, "payload"))
        return self._parser.event(envelope, body, _seconds(timestamp) or self._clock.now())

    def _demand_signature(self, timestamp: str, signature: str, body: bytes) -> None:
        if not (timestamp.isascii() and signature.isascii()):
            raise _untrusted("unsigned")
        expected = signature_of(self._secret, timestamp, body)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise _untrusted("unsigned")

    def _demand_fresh(self, timestamp: str) -> None:
        at = _seconds(timestamp)
        now = self._clock.now()
        if at is None or not now - OLDEST <= at <= now + NEWEST:
            raise _untrusted("stale")

    def _challenge(self, payload: JsonObject) -> UrlChallenge:
        plain = text(payload, "plainToken")
        if not plain:
            raise _untrusted("malformed")
        encrypted = hmac.new(self._secret.reveal().encode(), plain.encode(), hashlib.sha256).hexdigest()
        return UrlChallenge(plain, encrypted)


def _envelope(body: bytes) -> JsonObject:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        raise _untrusted("malformed") from None
    if not isinstance(envelope, dict):
        raise _untrusted("malformed")
    return envelope


def _id(body: Mapping[str, object], name: str) -> str:
    """An identifier, as text; "" where there is none or what stands there cannot be one."""
    found = text(body, name)
    return found if len(found) <= _LONGEST_ID and found.isprintable() else ""


def _identifier(said: str) -> str | None:
    return said[:_LONGEST_ID] if said.isprintable() else None


def _word(said: str) -> str | None:
    return _printable(said)[:_LONGEST_WORD] if "@" not in said and "/" not in said else None


def _instant(said: str) -> str | None:
    at = moment(said)
    return None if at is None else at.isoformat()


def _reason(said: str) -> str:
    plain = said.lower()
    return next((word for sign, word in LEAVE_REASONS.items() if sign in plain), "other")


def _public_address(said: str) -> str | None:
    """The address, if it is one of the web, without anybody's credentials and without a link into a call in it."""
    if len(said) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(said):
        return None
    try:
        parts = urlsplit(said)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or find_links(said):
        return None
    return said


def _printable(said: str) -> str:
    if said.isprintable() and "  " not in said:
        return said
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


def _seconds(written: str) -> datetime | None:
    if not (written.isascii() and written.isdecimal() and len(written) <= 11):
        return None
    return datetime.fromtimestamp(int(written), UTC)


def _happened(envelope: JsonObject, payload: JsonObject) -> datetime | None:
    """`event_ts`: milliseconds since 1970, at the top or (deauthorisation) inside the payload, or written out as a date there."""
    for holder in (envelope, payload):
        milliseconds = number(holder, "event_ts")
        if milliseconds is not None and 0 <= milliseconds < 10**14:
            return datetime.fromtimestamp(milliseconds / 1000, UTC)
        written = moment(text(holder, "event_ts"))
        if written is not None:
            return written
    return None


def _untrusted(code: str) -> UntrustedInput:
    return UntrustedInput("This is no delivery of Zoom's for this app, or it is too old.", code=code)


_WAYS: Mapping[Keep, Callable[[str], Fact | None]] = {
    Keep.ID: _identifier,
    Keep.NAME: lambda said: _printable(said)[:_LONGEST_NAME],
    Keep.WORD: _word,
    Keep.MOMENT: _instant,
    Keep.GIVEN: bool,
    Keep.PLACE: _public_address,
    Keep.REASON: _reason,
}
"""How a text of Zoom's becomes what is kept of it; an e-mail address takes the key."""
