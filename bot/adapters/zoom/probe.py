"""What the check-up asks of Zoom, with a token that was just issued."""

from __future__ import annotations

import aiohttp

from bot.adapters.zoom.client import ZoomClient
from bot.adapters.zoom.pacing import Pacer
from bot.adapters.zoom.wire import API_URL
from bot.domain.errors import NeedsAttention
from bot.domain.readback import RoomSettings
from bot.domain.values import LinkId, Token, ZoomUserId
from bot.ports import Clock, ZoomUser

_LINK = LinkId("check-up")


class ZoomAccountProbe:
    """Looks at an account's users and their settings.

    Args:
        session: shared; this class neither opens nor closes it.
    """

    def __init__(self, session: aiohttp.ClientSession, token: Token, clock: Clock, api_url: str = API_URL) -> None:
        self._client = ZoomClient(session, _OneToken(token), Pacer(), clock, api_url)

    async def user(self, key: str) -> ZoomUser:
        """A user by address or id; raises `UserMistake` if the account has no such user."""
        return await self._client.user(_LINK, key)

    async def host_settings(self, user_id: ZoomUserId) -> RoomSettings:
        """What the host's account settings add to every meeting."""
        return await self._client.host_settings(_LINK, user_id)


class _OneToken:
    def __init__(self, token: Token) -> None:
        self._token = token

    async def current(self, link_id: LinkId) -> Token:  # noqa: ARG002
        return self._token

    async def renewed(self, link_id: LinkId, rejected: Token) -> Token:  # noqa: ARG002
        raise NeedsAttention(
            "Zoom rejects a token it has just issued. Activate the app again.", code="zoom_token_rejected"
        )
