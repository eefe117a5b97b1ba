"""Zoom's token endpoint as data: what is asked, what is answered, what its refusals mean. Nothing here opens a socket.

https://developers.zoom.us/docs/internal-apps/s2s-oauth/ , https://developers.zoom.us/docs/integrations/oauth-error-messages/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.adapters.zoom.parsing import number, text
from bot.domain.errors import NeedsAttention, Transient, VestibuleError
from bot.domain.values import Secret, Token
from bot.ports import IssuedToken

USUAL_LIFE = timedelta(hours=1)
"""How long an access token lives (https://developers.zoom.us/docs/integrations/oauth/)."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One call of the token endpoint. Its parts hold secrets and are left out of the repr."""

    path: str
    authorization: str = field(repr=False)
    form: Mapping[str, str] = field(repr=False)


def account_token_request(client_id: str, client_secret: Secret, account_id: str) -> TokenRequest:
    """Ask for a server-to-server token (https://developers.zoom.us/docs/internal-apps/s2s-oauth/)."""
    form = {"grant_type": "account_credentials", "account_id": account_id}
    return TokenRequest("/token", basic(client_id, client_secret), form)


def client_token_request(client_id: str, client_secret: Secret) -> TokenRequest:
    """Ask for the app's own token, for Zoom's event stream (https://developers.zoom.us/docs/api/websockets/)."""
    return TokenRequest("/token", basic(client_id, client_secret), {"grant_type": "client_credentials"})


def basic(client_id: str, client_secret: Secret) -> str:
    """The app's own `Authorization` header."""
    return f"Basic {base64.b64encode(f'{client_id}:{client_secret.reveal()}'.encode()).decode()}"


def parse_token(body: Mapping[str, object], now: datetime) -> IssuedToken | None:
    """The token; None if there is none in the answer. Scopes are separated by spaces or commas."""
    token = text(body, "access_token")
    if not token:
        return None
    seconds = number(body, "expires_in")
    life = USUAL_LIFE if seconds is None else timedelta(seconds=min(seconds, 86_400))
    return IssuedToken(Token(token), now + life, frozenset(re.split(r"[\s,]+", text(body, "scope"))) - {""})


_CREDENTIALS = "marketplace.zoom.us > Manage > your app > App credentials"
_APP = (
    "Zoom does not know this app, or its secret is wrong. "
    f"Copy ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET again from {_CREDENTIALS}."
)
_ACCOUNT = f"Zoom refused the account id. Copy ZOOM_ACCOUNT_ID again from {_CREDENTIALS}."
_KIND = (
    "This Zoom app cannot get tokens this way. "
    "For your own account it must be a Server-to-Server OAuth app; see docs/zoom-setup.md."
)
_APP_OFF = "This Zoom app is switched off. Activate it at marketplace.zoom.us > Manage > your app > Activation."
_ADMIN_OFF = (
    "An admin of the Zoom account has switched this app off. "
    "Ask them to allow it at marketplace.zoom.us > Manage > Apps on account."
)
_GRANT = "The link to this Zoom account no longer works. An organiser has to link it again."
_REDIRECT = (
    "Zoom does not know the address it should send people back to. "
    "Enter the app's redirect address at marketplace.zoom.us exactly as PUBLIC_URL gives it."
)
_CODE = (
    "That way of linking has run out. Please start again with /zoom link; it has to be finished within five minutes."
)
_MALFORMED = (
    "Zoom found something missing in our request for access. Please check the Zoom settings with `vestibule doctor`."
)

_BY_NUMBER: dict[int, tuple[str, str]] = {
    4700: ("zoom_grant_dead", _GRANT),
    4702: ("zoom_client_rejected", _APP),
    4704: ("zoom_client_rejected", _APP),
    4705: ("zoom_app_kind", _KIND),
    4706: ("zoom_token_request", _MALFORMED),
    4709: ("zoom_redirect_mismatch", _REDIRECT),
    4711: ("zoom_grant_dead", _GRANT),
    4717: ("zoom_app_disabled", _APP_OFF),
    4724: ("zoom_app_kind", _KIND),
    4732: ("zoom_code_refused", _CODE),
    4733: ("zoom_code_refused", _CODE),
    4734: ("zoom_code_refused", _CODE),
    4735: ("zoom_grant_dead", _GRANT),
    4738: ("zoom_app_disabled", _ADMIN_OFF),
    4740: ("zoom_grant_dead", _GRANT),
    4741: ("zoom_grant_dead", _GRANT),
}
"""https://developers.zoom.us/docs/integrations/oauth-error-messages/ ; the number stands in the reason or in a field, if anywhere."""

_BY_TEXT: tuple[tuple[str, str, str], ...] = (
    ("disabled", "zoom_app_disabled", _APP_OFF),
    ("redirect", "zoom_redirect_mismatch", _REDIRECT),
    ("authorization code", "zoom_code_refused", _CODE),
    ("code is expired", "zoom_code_refused", _CODE),
    ("invalid_client", "zoom_client_rejected", _APP),
    ("unsupported_grant_type", "zoom_app_kind", _KIND),
    ("unauthorized_client", "zoom_app_kind", _KIND),
    ("invalid_grant", "zoom_grant_dead", _GRANT),
    ("invalid token", "zoom_grant_dead", _GRANT),
)

_NUMBER = re.compile(r"\b4[.,]?(7\d\d)\b")


def token_error(status: int, body: Mapping[str, object] | None, request: TokenRequest) -> VestibuleError:
    """What a refusal (HTTP 3xx, 4xx) of the token endpoint means: `{"reason", "error"}`, with a number of Zoom's or without."""
    told = " ".join(text(body or {}, name) for name in ("error", "reason", "error_description", "message")).lower()
    if status == 429:
        return Transient("Zoom asks us to slow down. Please try again in a minute.", code="zoom_rate_limited")
    code, sentence = _meaning(body or {}, told)
    if code == "zoom_token_request" and request.form.get("grant_type") == "account_credentials":
        code, sentence = "zoom_account_rejected", _ACCOUNT
    return NeedsAttention(sentence, code=code)


def _meaning(body: Mapping[str, object], told: str) -> tuple[str, str]:
    written = _NUMBER.search(told)
    numbers = [number(body, name) for name in ("code", "error_code", "errorCode")]
    numbers.append(int(f"4{written[1]}") if written else None)
    for found in numbers:
        if found in _BY_NUMBER:
            return _BY_NUMBER[found]
    for part, code, sentence in _BY_TEXT:
        if part in told:
            return code, sentence
    return "zoom_token_request", _MALFORMED
