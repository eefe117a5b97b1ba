"""What the check-up asks of Discord, by plain requests: no gateway, no client, nothing changed.

https://docs.discord.com/developers/resources/application , .../resources/user#get-current-user-guilds , .../resources/guild
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TypeAlias

import aiohttp

from bot.domain.errors import NeedsAttention, Transient
from bot.domain.values import GuildId, Token
from bot.services.checkup import ApplicationFacts, GuildStanding

API_URL = "https://discord.com/api/v10"
TIMEOUT = aiohttp.ClientTimeout(total=10)
ADMINISTRATOR = 1 << 3

Json: TypeAlias = Mapping[str, object]


class DiscordHttpProbe:
    """Looks at Discord with the bot's token.

    Args:
        session: shared; this class neither opens nor closes it.
        api_url: without a slash at the end.
    """

    def __init__(self, session: aiohttp.ClientSession, token: Token, api_url: str = API_URL) -> None:
        self._session, self._token, self._url = session, token, api_url.rstrip("/")

    async def application(self) -> ApplicationFacts:
        """The application the token belongs to.

        Raises:
            NeedsAttention: Discord refuses the token.
            Transient: Discord cannot be reached, or asks to wait.
        """
        body = _object(await self._get("/oauth2/applications/@me"))
        return ApplicationFacts(
            application_id=_id(body),
            name=_text(body, "name"),
            needs_code_grant=body.get("bot_require_code_grant") is True,
            has_interactions_endpoint=bool(body.get("interactions_endpoint_url")),
        )

    async def guild(self, guild_id: GuildId) -> GuildStanding | None:
        """The bot's standing in one server; None if it is not in it."""
        found = await self._get(f"/guilds/{guild_id}", absent=(403, 404))
        if found is None:
            return None
        guild, user = _object(found), _object(await self._get("/users/@me"))
        member = _object(await self._get(f"/guilds/{guild_id}/members/{_id(user)}"))
        held = {str(role) for role in _rows(member, "roles")} | {str(guild_id)}
        roles = [role for role in _rows(guild, "roles") if isinstance(role, Mapping) and str(role.get("id")) in held]
        permissions = reduce(lambda bits, role: bits | _bits(role), roles, 0)
        if str(guild.get("owner_id")) == str(_id(user)):
            permissions |= ADMINISTRATOR
        return GuildStanding(guild_id, _text(guild, "name"), permissions)

    async def guilds(self) -> Sequence[GuildStanding]:
        """The servers the bot is in, at most 200 (one page)."""
        found = await self._get("/users/@me/guilds?limit=200")
        rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
        return [GuildStanding(GuildId(_id(row)), _text(row, "name"), _bits(row)) for row in rows]

    async def _get(self, path: str, *, absent: tuple[int, ...] = ()) -> object:
        headers = {"Authorization": f"Bot {self._token.reveal()}", "User-Agent": "DiscordBot (vestibule, 1)"}
        try:
            async with self._session.get(self._url + path, headers=headers, timeout=TIMEOUT) as answer:
                if answer.status in absent:
                    return None
                if answer.status != 200:
                    raise _refusal(answer.status)
                body: object = await answer.json(content_type=None)
                return body
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # The cause could repeat the request's headers, token included.
            raise Transient(
                f"Discord cannot be reached ({type(error).__name__}).", code="discord_unreachable"
            ) from None


def _refusal(status: int) -> NeedsAttention | Transient:
    if status == 401:
        return NeedsAttention("Discord does not accept the bot's token.", code="discord_token")
    if status == 429 or status >= 500:
        return Transient(f"Discord is busy (HTTP {status}).", code="discord_busy")
    return NeedsAttention(f"Discord refuses the check (HTTP {status}).", code="discord_refused")


def _object(body: object) -> Json:
    if not isinstance(body, Mapping):
        raise Transient("Discord's answer cannot be read.", code="discord_unreadable")
    return body


def _id(body: Json) -> int:
    return _number(body.get("id"))


def _bits(body: Json) -> int:
    return _number(body.get("permissions", "0"))


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise Transient("Discord's answer cannot be read.", code="discord_unreadable") from None


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else "(no name)"


def _rows(body: Json, name: str) -> list[object]:
    rows = body.get(name)
    return rows if isinstance(rows, list) else []
