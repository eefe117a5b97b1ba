"""Where a grant belongs: to a link that is there already, to a request that waits for its code, or to nobody.

Zoom keeps one grant of a user for an app, the newest (https://developers.zoom.us/docs/integrations/oauth-error-messages/, 4741): a new consent
ends the one before. So the grant for an account that is linked and works goes to that link at once, whoever asked for it; else asking would
break it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import VestibuleError
from bot.domain.grants import MissingScopes, missing_scopes
from bot.domain.linking import address_hint
from bot.domain.meeting import Host
from bot.domain.values import LinkId
from bot.ports import AccountLink, LinkKind, LinkRequest, LinkState, UnitOfWork, UserGrant, ZoomIdentity
from bot.services import link_refusals as refusals


@dataclass(frozen=True, slots=True)
class Linked:
    """The account is linked. `first`: it is the community's only one, and so its default."""

    link: AccountLink
    host: Host
    first: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """`adopted_by`: the link that has the grant now. `refusal`: why the request comes to nothing."""

    adopted_by: LinkId | None
    refusal: VestibuleError | None


async def settled(uow: UnitOfWork, request: LinkRequest, grant: UserGrant, who: ZoomIdentity) -> Settled:
    """Decide where the grant belongs, and put it there if it is a link."""
    for other in await uow.link_requests.of_user(who.user.user_id):
        await uow.link_requests.remove(other)  # Zoom has ended what it holds, and revoking it would end this one
    home = await uow.links.of_zoom_user(who.user.user_id)
    adopted_by = None
    if home is not None and home.state is LinkState.ACTIVE:
        await uow.grants.replace(home.link_id, grant)
        adopted_by = home.link_id
    return Settled(adopted_by, await _refusal(uow, request, who, home))


async def _refusal(
    uow: UnitOfWork, request: LinkRequest, who: ZoomIdentity, home: AccountLink | None
) -> VestibuleError | None:
    if home is not None and home.guild_id != request.guild_id:
        return refusals.account_taken()
    if request.relinks is not None and (home is None or home.link_id != request.relinks):
        mended = await uow.links.get(request.relinks)
        if mended is not None and mended.state is LinkState.BROKEN and mended.zoom_user_id != who.user.user_id:
            return refusals.other_account(mended.hint)
    return None


async def confirmed(uow: UnitOfWork, request: LinkRequest, new_id: LinkId, now: datetime) -> Linked:
    """Make the waiting grant a link, or mend the one that is there; the request is forgotten.

    Raises:
        UserMistake: nothing_pending if what it waited for is gone, account_taken if another community was faster.
    """
    who = await uow.link_requests.pending_identity(request.request_id)
    grant = await uow.link_requests.pending_grant(request.request_id)
    if who is None:
        raise refusals.nothing_pending()
    home = await uow.links.of_zoom_user(who.user.user_id)
    if home is not None and home.guild_id != request.guild_id:
        raise refusals.account_taken()
    if grant is None and home is None:
        raise refusals.nothing_pending()
    others = await uow.links.of_guild(request.guild_id)
    link = AccountLink(
        new_id if home is None else home.link_id,
        request.guild_id,
        LinkKind.USER,
        who.account_id,
        is_default=not any(other.is_default for other in others) if home is None else home.is_default,
        owner=request.member_id,
        zoom_user_id=who.user.user_id,
        hint=address_hint(who.user.email),
        removal=None if home is None else home.removal,
    )
    host = Host(who.user.user_id, who.user.email, who.user.licensed, link.link_id, who.user.name, request.member_id)
    await uow.links.save(link)
    if grant is not None:
        await uow.grants.replace(link.link_id, grant)
    await uow.grants.ask_owner_at(link.link_id, None)
    await uow.links.save_host(request.guild_id, host)
    await uow.link_requests.remove(request.request_id)
    action = "link.linked" if home is None else "link.linked_again"
    await uow.audit.append(request.guild_id, action, at=now, actor=request.member_id)
    return Linked(link, host, first=not others)


def missing_user_scopes(granted: frozenset[str]) -> MissingScopes:
    """What a user's grant lacks; scopes that only whole accounts can give do not count, and an empty list means that Zoom did not say."""
    if not granted:
        return MissingScopes((), ())
    lacks = missing_scopes(granted)
    return replace(lacks, optional=tuple(scope for scope in lacks.optional if not scope.admin_only))
