"""Signed texts as JSON Web Tokens: HS256, with PyJWT (https://pyjwt.readthedocs.io/).

The header names the key (`kid`), so that a key can be changed without ending what the one before has signed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import jwt

from bot.domain.errors import UntrustedInput, UserMistake
from bot.domain.values import Secret
from bot.ports import Audience, Claims

_ALGORITHM = "HS256"
_DEMANDED = ["aud", "exp", "jti", "sub"]


class JwtTickets:
    """Implements `bot.ports.Tickets`.

    Args:
        keys: 32 bytes each, by id, the signing one first.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    def sign(self, audience: Audience, claims: Claims) -> Secret:
        """A text that fits into a web address."""
        payload = {
            "aud": audience.value,
            "exp": int(claims.expires_at.timestamp()),
            "jti": claims.jti,
            "sub": claims.subject,
        }
        key = self._keys[self._current]
        return Secret(jwt.encode(payload, key, algorithm=_ALGORITHM, headers={"kid": self._current}))

    def verify(self, audience: Audience, text: str, now: datetime) -> Claims:
        """What the ticket says. Time is compared here, because the clock is ours."""
        try:
            key = self._keys[str(jwt.get_unverified_header(text).get("kid"))]
            payload = jwt.decode(
                text,
                key,
                algorithms=[_ALGORITHM],
                audience=audience.value,
                options={"require": _DEMANDED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            claims = Claims(str(payload["sub"]), str(payload["jti"]), datetime.fromtimestamp(int(payload["exp"]), UTC))
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError, OSError):
            raise UntrustedInput(
                "This address is not one of mine, or a part of it is missing. Type /zoom link in Discord and open the new address whole.",
                code="ticket_invalid",
            ) from None
        if claims.expires_at <= now:
            raise UserMistake(
                "This took longer than ten minutes, so the address no longer works. Type /zoom link in Discord for a new one.",
                code="ticket_expired",
            )
        return claims

    def digests(self, purpose: str, secret: Secret) -> tuple[str, ...]:
        """Keyed hashes (HMAC-SHA256) under every key, the current first."""
        message = f"{purpose}\0{secret.reveal()}".encode()
        return tuple(hmac.new(key, message, hashlib.sha256).hexdigest() for key in self._keys.values())
