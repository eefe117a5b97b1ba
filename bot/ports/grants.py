"""What Zoom users grant by OAuth (https://developers.zoom.us/docs/integrations/oauth/)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.domain.values import Secret, Token
from bot.ports.zoom import IssuedToken, TokenIssuer, ZoomUser


@dataclass(frozen=True, slots=True)
class UserGrant:
    """An access token and the refresh token that follows it. Each refresh gives a new pair, and only the newest counts."""

    access: IssuedToken
    refresh: Token


@dataclass(frozen=True, slots=True)
class ZoomIdentity:
    """Whose grant it is."""

    user: ZoomUser
    account_id: str


class GrantIssuer(TokenIssuer, Protocol):
    """Zoom's token endpoint, for accounts of both kinds."""

    async def refreshed(self, refresh: Token) -> UserGrant:
        """The next pair. Never sent twice: a lost answer may have used `refresh` up.

        Raises:
            NeedsAttention: "zoom_grant_dead" if Zoom does not accept it any more; other codes if it refuses the app.
            OutcomeUnknown: the answer was lost.
            Transient: Zoom cannot be reached; nothing was done.
        """
        ...

    async def revoke(self, token: Token) -> None:
        """End the grant behind this access token (https://developers.zoom.us/docs/integrations/oauth/). A token Zoom does not know counts as revoked.

        Raises:
            NeedsAttention: Zoom refuses the app.
            Transient: Zoom cannot be reached, or did not answer.
        """
        ...


class Consents(GrantIssuer, Protocol):
    """Zoom's consent page and what follows from it."""

    def authorize_address(self, state: Secret, challenge: str) -> Secret:
        """Where a browser is sent for consent, with a PKCE challenge (S256)."""
        ...

    async def exchanged(self, code: Secret, verifier: Secret) -> UserGrant:
        """The first pair for a code. A code works once, for five minutes.

        Raises:
            NeedsAttention: "zoom_code_refused", "zoom_grant_dead" (verifier), or Zoom refuses the app.
            OutcomeUnknown, Transient: as `refreshed`.
        """
        ...

    async def identify(self, token: Token) -> ZoomIdentity:
        """Whose token it is (GET /users/me).

        Raises:
            NeedsAttention: the scope is missing, or the token is not accepted.
            Transient: Zoom cannot be reached.
        """
        ...
