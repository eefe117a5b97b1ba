"""Short signed texts that go through a browser and come back: the personal address, and OAuth's `state`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.domain.values import Secret


class Audience(Enum):
    """What a ticket is for; one for another purpose is worth nothing."""

    LINK = "vestibule:link"
    STATE = "vestibule:oauth-state"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified ticket says: about which row, and its own name, by which it is used once."""

    subject: str
    jti: str
    expires_at: datetime


class Tickets(Protocol):
    """Signs and verifies. Whether a ticket was used before is for the store to say."""

    def sign(self, audience: Audience, claims: Claims) -> Secret:
        """A text that fits into a web address."""
        ...

    def verify(self, audience: Audience, text: str, now: datetime) -> Claims:
        """What the ticket says.

        Raises:
            UntrustedInput: not signed by us, altered, or for another purpose ("ticket_invalid").
            UserMistake: its time is over ("ticket_expired").
        """
        ...

    def digests(self, purpose: str, secret: Secret) -> tuple[str, ...]:
        """Keyed hashes of a short secret under every key, the current first: store the first, compare with all."""
        ...
