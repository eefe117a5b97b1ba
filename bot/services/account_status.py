"""`/zoom status`: what is linked, what it may do, and what in its own settings weakens safety."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from bot.domain.account_safety import BY_HAND, Weakness, weaknesses
from bot.domain.community import MemberFacts, Right
from bot.domain.errors import VestibuleError
from bot.domain.grants import MissingScopes, Scope, missing_scopes
from bot.domain.meeting import Host
from bot.domain.values import GuildId, LinkId, MemberId
from bot.ports import AccountLink, AccountSettings, LinkKind, LinkState, MeetingProvider, Store
from bot.services.link_settling import missing_user_scopes
from bot.services.rights import community_where


class Removal(Enum):
    """Whether Zoom lets us remove people from a running meeting of this account; learned from the first real answer, never probed."""

    YES = "yes"
    NO = "no"
    UNTESTED = "untested"


class TokenHealth(Enum):
    """Whether the account's grant works."""

    WORKING = "working"
    """Zoom answered just now."""
    UNKNOWN = "unknown"
    """Zoom could not be asked just now; `LinkView.unread` says why."""
    DEAD = "dead"
    """It has to be linked again."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done with a running meeting of this account."""

    removal: Removal


@dataclass(frozen=True, slots=True)
class LinkView:
    """One linked account. `hint` is masked; `licensed` is None while nothing is known of its user."""

    link_id: LinkId
    kind: LinkKind
    hint: str
    licensed: bool | None
    state: LinkState
    is_default: bool
    owner: MemberId | None
    missing_required: tuple[Scope, ...]
    missing_optional: tuple[Scope, ...]
    capabilities: Capabilities
    weaknesses: tuple[Weakness, ...]
    by_hand: tuple[Weakness, ...]
    """What no program can read: rename and rejoin."""
    health: TokenHealth
    token_expires_at: datetime | None
    unread: str = ""
    """Why the account's settings could not be read, in words that say what to do; empty if they were."""


class AccountStatus:
    """Looks at the community's linked accounts, and asks Zoom about each."""

    def __init__(self, store: Store, provider: MeetingProvider, settings: AccountSettings) -> None:
        self._store = store
        self._provider = provider
        self._settings = settings

    async def status(self, who: MemberFacts, guild_id: GuildId) -> Sequence[LinkView]:
        """Every linked account, the default one first; empty if there is none.

        Raises:
            UserMistake: the person may not see it.
        """
        async with self._store.read() as uow:
            await community_where(uow, guild_id, who, Right.LINK_ACCOUNT)
            links = await uow.links.of_guild(guild_id)
            hosts = {host.link_id: host for host in await uow.links.hosts(guild_id)}
        return [await self._view(link, hosts.get(link.link_id)) for link in links]

    async def _view(self, link: AccountLink, host: Host | None) -> LinkView:
        found: tuple[Weakness, ...] = ()
        problem: VestibuleError | None = None
        if host is not None:
            try:
                host = await self._refreshed(link, host)
                found = weaknesses(await self._settings.account_safety(link.link_id, host.user_id))
            except VestibuleError as error:
                problem = error
        async with self._store.read() as uow:
            link = await uow.links.get(link.link_id) or link
            held = await uow.grants.held(link.link_id)
        access = None if held is None else held.access
        granted = frozenset[str]() if access is None else access.scopes
        lacks = _lacks(link, granted)
        return LinkView(
            link_id=link.link_id,
            kind=link.kind,
            hint=link.hint or (host.hint if host is not None else ""),
            licensed=None if host is None else host.licensed,
            state=link.state,
            is_default=link.is_default,
            owner=link.owner,
            missing_required=lacks.required,
            missing_optional=lacks.optional,
            capabilities=Capabilities(_REMOVAL[link.removal]),
            weaknesses=found,
            by_hand=BY_HAND,
            health=_health(link, problem, asked=host is not None),
            token_expires_at=None if access is None else access.expires_at,
            unread="" if problem is None else problem.message,
        )

    async def _refreshed(self, link: AccountLink, host: Host) -> Host:
        """The host as Zoom knows them now: plans and addresses change."""
        user = await self._provider.user(link.link_id, host.user_id)
        now = replace(host, email=user.email or host.email, licensed=user.licensed, name=user.name or host.name)
        if now != host:
            async with self._store.work() as uow:
                await uow.links.save_host(link.guild_id, now)
                await uow.commit()
        return now


_REMOVAL = {None: Removal.UNTESTED, True: Removal.YES, False: Removal.NO}


def _lacks(link: AccountLink, granted: frozenset[str]) -> MissingScopes:
    if link.kind is LinkKind.USER:
        return missing_user_scopes(granted)
    return missing_scopes(granted) if granted else MissingScopes((), ())


def _health(link: AccountLink, problem: VestibuleError | None, *, asked: bool) -> TokenHealth:
    if link.state is LinkState.BROKEN:
        return TokenHealth.DEAD
    return TokenHealth.WORKING if asked and problem is None else TokenHealth.UNKNOWN
