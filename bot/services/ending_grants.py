"""Giving a user's grant back to Zoom."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.errors import NeedsAttention, VestibuleError
from bot.domain.values import Token
from bot.ports import Clock, Consents, IssuedToken

_LIFE_NEEDED = timedelta(minutes=1)


async def ended_at_zoom(consents: Consents, clock: Clock, access: IssuedToken | None, refresh: Token | None) -> bool:
    """Revoke it; whether Zoom confirmed. Doing it twice is harmless: a grant that is gone counts as revoked.

    Zoom revokes by access token (https://developers.zoom.us/docs/integrations/oauth/), so one that has run out is renewed first.
    """
    try:
        if (access is None or access.expires_at - clock.now() < _LIFE_NEEDED) and refresh is not None:
            access = (await consents.refreshed(refresh)).access
        if access is not None:
            await consents.revoke(access.token)
    except NeedsAttention as refused:
        return refused.code == "zoom_grant_dead"
    except VestibuleError:
        return False
    return True
