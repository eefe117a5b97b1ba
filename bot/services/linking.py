"""The operator's own Zoom account (server-to-server): bound to one community, with the hosts the operator allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import VestibuleError
from bot.domain.meeting import Host
from bot.domain.values import GuildId, LinkId
from bot.ports import AccountLink, Clock, LinkKind, MeetingProvider, Store, ZoomUser


@dataclass(frozen=True, slots=True)
class ServerToServer:
    """The one Zoom account of a self-hosted bot: it serves one community, and only these hosts (addresses or user ids)."""

    account_id: str
    guild_id: GuildId
    allowed_hosts: tuple[str, ...]

    @property
    def link_id(self) -> LinkId:
        """The same at every start."""
        return LinkId(f"s2s-{self.guild_id}")


class Linking:
    """Keeps the community's link and the list of its hosts true."""

    def __init__(self, store: Store, provider: MeetingProvider, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock

    async def bind(self, account: ServerToServer) -> LinkId:
        """Make the operator's account the community's one; called at every start. Hosts follow with `refresh_hosts`."""
        async with self._store.work() as uow:
            known = await uow.links.get(account.link_id)
            if known is None or known.zoom_account_id != account.account_id:
                first = not await uow.links.of_guild(account.guild_id)
                default = known.is_default if known is not None else first
                kind = LinkKind.SERVER_TO_SERVER
                await uow.links.save(
                    AccountLink(account.link_id, account.guild_id, kind, account.account_id, is_default=default)
                )
                await uow.audit.append(account.guild_id, "link.bound", at=self._clock.now(), actor=None)
            await uow.commit()
        return account.link_id

    async def refresh_hosts(self, account: ServerToServer) -> Sequence[str]:
        """Read the allowed hosts from Zoom and remember them; who they are in Discord is kept.

        Returns what is wrong with the list, in sentences for the operator (a host Zoom does not know).
        """
        found, problems = await self._look_up(account)
        async with self._store.work() as uow:
            linked = await uow.links.of_guild(account.guild_id)
            by_their_owner = {link.link_id for link in linked if link.kind is LinkKind.USER}
            before = {host.user_id: host for host in await uow.links.hosts(account.guild_id)}
            for user in found:
                if user.user_id in before and before[user.user_id].link_id in by_their_owner:
                    continue  # linked by OAuth as well, which is the smaller grant
                member = before[user.user_id].member_id if user.user_id in before else None
                host = Host(user.user_id, user.email, user.licensed, account.link_id, user.name, member)
                await uow.links.save_host(account.guild_id, host)
            if not problems:
                await uow.links.drop_hosts(account.link_id, [user.user_id for user in found])
            await uow.commit()
        return problems

    async def _look_up(self, account: ServerToServer) -> tuple[list[ZoomUser], list[str]]:
        found: list[ZoomUser] = []
        problems: list[str] = []
        for key in account.allowed_hosts:
            try:
                found.append(await self._provider.user(account.link_id, key))
            except VestibuleError as error:
                if error.code != "zoom_user_unknown":
                    raise
                problems.append(
                    f"ZOOM_HOSTS names {_masked(key)}, whom this Zoom account does not know. Correct the entry and restart."
                )
        return found, problems


def _masked(key: str) -> str:
    local, at, domain = key.partition("@")
    return f"{local[:1]}…@{domain}" if at else f"{key[:3]}…"
