"""What the store keeps of grants and of requests to link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType, Protocol

from bot.domain.linking import Stage
from bot.domain.values import GuildId, LinkId, MemberId, Secret, Token, ZoomUserId
from bot.ports.grants import UserGrant, ZoomIdentity
from bot.ports.zoom import IssuedToken

LinkRequestId = NewType("LinkRequestId", str)


class LinkJob(Enum):
    """Durable work on a link or a request to link. The value is the task's name."""

    EXPIRE_REQUEST = "link.expire_request"
    """Revoke what nobody confirmed, and erase it."""
    ASK_OWNER = "link.ask_owner"
    """Ask the account's owner, once, to link it again."""


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A link's tokens. `version` goes up with every change; a change is made only to the version it was decided on."""

    access: IssuedToken | None
    refresh: Token | None
    version: int


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Somebody's wish to link an account. Secrets stand beside it and have methods of their own.

    `relinks` is the broken link of the asker that this is to mend. `adopted`: the tokens went to a link that was there already.
    """

    request_id: LinkRequestId
    guild_id: GuildId
    member_id: MemberId
    guild_name: str
    asker_name: str
    stage: Stage
    expires_at: datetime
    cookie_hash: str = ""
    code_hash: str = ""
    tries: int = 0
    relinks: LinkId | None = None
    adopted: LinkId | None = None


class Grants(Protocol):
    """Tokens of linked accounts, sealed; the lease under which one process at a time renews them."""

    async def held(self, link_id: LinkId) -> HeldGrant | None:
        """None if there is no such link."""
        ...

    async def lease(self, link_id: LinkId, owner: str, version: int, now: datetime, until: datetime) -> bool:
        """Take the right to renew this version; False if somebody else has it or the version is another."""
        ...

    async def release(self, link_id: LinkId, owner: str) -> None:
        """Give the lease back, if it is still this owner's."""
        ...

    async def rotate(self, link_id: LinkId, version: int, access: IssuedToken, refresh: Token | None) -> bool:
        """Compare and swap; ends the lease. False, and nothing written, if the version is another by now."""
        ...

    async def replace(self, link_id: LinkId, grant: UserGrant) -> None:
        """A newer consent takes the place of whatever is there; ends the lease."""
        ...

    async def erase(self, link_id: LinkId) -> None:
        """Tokens gone, in the file too; the version goes up, so that no renewal under way is kept."""
        ...

    async def ask_owner_at(self, link_id: LinkId, at: datetime | None) -> None:
        """When the owner is to be asked (None: not, or done)."""
        ...

    async def due_asks(self, now: datetime, again_at: datetime, limit: int) -> Sequence[LinkId]:
        """Links whose owner is to be asked now; each is put off to `again_at`, so that two who look take it once."""
        ...


class LinkRequestBook(Protocol):
    """Requests to link an account, with their secrets."""

    async def get(self, request_id: LinkRequestId) -> LinkRequest | None: ...
    async def open_of(self, guild_id: GuildId, member_id: MemberId) -> LinkRequest | None:
        """The asker's unfinished one, locked until the end of this transaction (a writing one)."""
        ...

    async def save(self, request: LinkRequest) -> None:
        """Add or change it; its secrets stay. It falls due when its time is over."""
        ...

    async def move(self, request_id: LinkRequestId, expected: Stage, to: Stage) -> bool:
        """Compare and swap of the stage: of several who try, one succeeds."""
        ...

    async def save_verifier(self, request_id: LinkRequestId, verifier: Secret) -> None: ...
    async def verifier(self, request_id: LinkRequestId) -> Secret | None: ...
    async def save_pending(self, request_id: LinkRequestId, grant: UserGrant | None, who: ZoomIdentity) -> None:
        """Keep what was granted and by whom, sealed, until it is confirmed; without a grant if a link has it already."""
        ...

    async def pending_grant(self, request_id: LinkRequestId) -> UserGrant | None: ...
    async def pending_identity(self, request_id: LinkRequestId) -> ZoomIdentity | None: ...
    async def remove(self, request_id: LinkRequestId) -> None:
        """Forget it with every secret, in the file too."""
        ...

    async def of_user(self, zoom_user_id: ZoomUserId) -> Sequence[LinkRequestId]:
        """Requests to which this Zoom user has consented."""
        ...

    async def due(self, now: datetime, again_at: datetime, limit: int) -> Sequence[LinkRequestId]:
        """Requests whose time is over; each is put off to `again_at`, so that two who look take it once."""
        ...

    async def spend(self, jti: str, expires_at: datetime) -> bool:
        """Use a ticket. False if it was used before."""
        ...

    async def forget_spent(self, now: datetime) -> None:
        """Forget used tickets that have expired: their signature no longer holds anyway."""
        ...


class LinkJobs(Protocol):
    """The queue of durable work on links."""

    async def put(self, job: LinkJob, subject: LinkId | LinkRequestId) -> None:
        """Enqueue within this transaction; it starts after the commit. Jobs of one subject run one after the other."""
        ...
