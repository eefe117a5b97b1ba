"""Linking a Zoom account by OAuth: from "/zoom link" over Zoom's consent page to the code that only the asker types."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UntrustedInput, VestibuleError
from bot.domain.grants import Scope
from bot.domain.linking import CODE_LENGTH, LIFE, START_PATH, TRIES, Stage, address_hint, as_typed, code_from
from bot.domain.values import GuildId, LinkId, MemberId, Secret
from bot.ports import (
    Audience,
    Chance,
    Claims,
    Clock,
    Consents,
    LinkKind,
    LinkRequest,
    LinkRequestId,
    LinkState,
    Store,
    Tickets,
    UnitOfWork,
    UserGrant,
    ZoomIdentity,
)
from bot.services import link_refusals as refusals
from bot.services.ending_grants import ended_at_zoom
from bot.services.link_settling import Linked, confirmed, missing_user_scopes, settled
from bot.services.rights import community_where

__all__ = ["Consent", "Invitation", "LinkRequests", "Linked", "Pending", "StartPage"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """A personal address for the asker alone: PUBLIC_URL/link/<ticket>. It works once, until `expires_at`."""

    address: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StartPage:
    """What the page at that address says before anything happens. Names come from Discord: escape them."""

    guild_name: str
    asker_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """Where to send the browser, and the cookie to set in it first (name and attributes are the page's: `__Host-`, HttpOnly, SameSite=Lax)."""

    redirect: Secret
    cookie: Secret
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Pending:
    """What the browser shows after consent, once: whose account it is, and the code that only the asker types in Discord."""

    guild_name: str
    zoom_email_hint: str
    licensed: bool
    code: Secret
    missing_required: tuple[Scope, ...]
    missing_optional: tuple[Scope, ...]
    expires_at: datetime


class LinkRequests:
    """Requests to link an account. Nobody can link theirs to another's community, nor be tricked into giving theirs: who consents sees the code,
    and only who asked can type it.

    Args:
        consents: None where the operator has not set up OAuth.
        public_url: where browsers reach the pages, without a slash at the end.
    """

    def __init__(
        self,
        store: Store,
        consents: Consents | None,
        tickets: Tickets,
        clock: Clock,
        chance: Chance,
        public_url: str,
    ) -> None:
        self._store = store
        self._consents = consents
        self._tickets = tickets
        self._clock = clock
        self._chance = chance
        self._public_url = public_url

    async def begin(self, who: MemberFacts, guild_id: GuildId, *, guild_name: str) -> Invitation:
        """A personal address. It replaces the asker's older unfinished one.

        Raises:
            UserMistake: the person may not link accounts.
            NeedsAttention: oauth_not_configured.
        """
        now = self._clock.now()
        request_id = LinkRequestId(self._chance.new_id())
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.LINK_ACCOUNT)
            self._zoom()
            older = await uow.link_requests.open_of(guild_id, who.member_id)
            if older is not None:
                await _end(uow, older, now)
            request = LinkRequest(
                request_id,
                guild_id,
                who.member_id,
                guild_name,
                who.shown_name,
                Stage.INVITED,
                now + LIFE,
                relinks=await _broken_of(uow, guild_id, who.member_id),
            )
            await uow.link_requests.save(request)
            await uow.audit.append(guild_id, "link.requested", at=now, actor=who.member_id)
            await uow.commit()
        ticket = self._tickets.sign(Audience.LINK, Claims(request_id, self._chance.new_id(), request.expires_at))
        return Invitation(Secret(f"{self._public_url}{START_PATH}{ticket.reveal()}"), request.expires_at)

    async def opened(self, ticket: str) -> StartPage:
        """What the start page says. Looking uses nothing up.

        Raises:
            UntrustedInput: ticket_invalid.
            UserMistake: ticket_expired, ticket_used.
        """
        claims = self._tickets.verify(Audience.LINK, ticket, self._clock.now())
        async with self._store.read() as uow:
            request = await uow.link_requests.get(LinkRequestId(claims.subject))
        if request is None or request.stage is not Stage.INVITED:
            raise refusals.ticket_used()
        return StartPage(request.guild_name, request.asker_name, request.expires_at)

    async def consent(self, ticket: str) -> Consent:
        """The click on the start page: uses the ticket up.

        Raises:
            UntrustedInput: ticket_invalid.
            UserMistake: ticket_expired, ticket_used.
        """
        now = self._clock.now()
        claims = self._tickets.verify(Audience.LINK, ticket, now)
        cookie, verifier = self._random(2), self._random(3)
        async with self._store.work() as uow:
            request = await uow.link_requests.get(LinkRequestId(claims.subject))
            if request is None or not await uow.link_requests.spend(claims.jti, claims.expires_at):
                raise refusals.ticket_used()
            if not await uow.link_requests.move(request.request_id, Stage.INVITED, Stage.CONSENTING):
                raise refusals.ticket_used()
            cookie_hash = self._tickets.digests(_COOKIE, cookie)[0]
            consenting = replace(request, stage=Stage.CONSENTING, expires_at=now + LIFE, cookie_hash=cookie_hash)
            await uow.link_requests.save(consenting)
            await uow.link_requests.save_verifier(request.request_id, verifier)
            await uow.commit()
        state = self._tickets.sign(Audience.STATE, Claims(request.request_id, self._chance.new_id(), now + LIFE))
        return Consent(self._zoom().authorize_address(state, _challenge(verifier)), cookie, LIFE)

    async def returned(self, *, code: str | None, state: str | None, cookie: str | None, denied: str | None) -> Pending:
        """Zoom sent the browser back. `denied` is the query's `error`, the others as named.

        Raises:
            UntrustedInput: state_invalid, wrong_browser.
            UserMistake: ticket_expired, state_used, consent_denied, code_refused, account_taken, other_account.
            NeedsAttention: scope_missing, or Zoom refuses the app itself (codes `zoom_...`).
            Transient: Zoom cannot be reached; start again.
        """
        request, verifier = await self._back_from_zoom(state, cookie)
        try:
            if denied:
                raise refusals.consent_denied()
            if not code:
                raise refusals.code_refused()
            grant = await self._exchanged(Secret(code), verifier)
            identity = await self._identified(grant)
            return await self._pending(request, grant, identity)
        except VestibuleError as refused:
            await self._give_up(request, refused.code)
            raise

    async def confirm(self, who: MemberFacts, guild_id: GuildId, typed: str) -> Linked:
        """The asker typed the code.

        Raises:
            UserMistake: nothing_pending, code_wrong, code_used_up, account_taken, or the person may not link accounts any more.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.LINK_ACCOUNT)
            request = await uow.link_requests.open_of(guild_id, who.member_id)
            if request is None or request.stage is not Stage.CONFIRMING or request.expires_at <= now:
                raise refusals.nothing_pending()
            wrong = None
            if self._matches(_code_of(request), request.code_hash, Secret(as_typed(typed))):
                linked = await confirmed(uow, request, LinkId(self._chance.new_id()), now)
            else:
                wrong = await _wrong_code(uow, request, now)
            await uow.commit()
        if wrong is not None:
            raise wrong
        return linked

    async def expire(self, request_id: LinkRequestId) -> None:
        """End a request whose time is over: what was granted and not confirmed is revoked at Zoom and erased.

        Harmless twice: the second finds nothing. Where Zoom cannot be reached the request stays, falls due again, and is forgotten at the latest when
        the access token has run out.
        """
        now = self._clock.now()
        async with self._store.work() as uow:
            request = await uow.link_requests.get(request_id)
            if request is None or (request.expires_at > now and request.stage is not Stage.ENDED):
                return
            await uow.link_requests.move(request_id, request.stage, Stage.ENDED)
            grant = await uow.link_requests.pending_grant(request_id)
            await uow.commit()
        revoked = True
        if grant is not None and self._consents is not None:
            revoked = await ended_at_zoom(self._consents, self._clock, grant.access, grant.refresh)
            if not revoked and grant.access.expires_at > now:
                return
        async with self._store.work() as uow:
            await uow.link_requests.remove(request_id)
            facts = {"granted": grant is not None, "revoked": revoked}
            await uow.audit.append(request.guild_id, "link.request_ended", at=now, actor=None, facts=facts)
            await uow.commit()

    async def _back_from_zoom(self, state: str | None, cookie: str | None) -> tuple[LinkRequest, Secret]:
        """The request this answer belongs to, and its verifier; the state is used up by it."""
        try:
            claims = self._tickets.verify(Audience.STATE, state or "", self._clock.now())
        except UntrustedInput:
            raise refusals.state_invalid() from None
        async with self._store.work() as uow:
            request = await uow.link_requests.get(LinkRequestId(claims.subject))
            if request is None:
                raise refusals.state_used()
            if not cookie or not self._matches(_COOKIE, request.cookie_hash, Secret(cookie)):
                raise refusals.wrong_browser()
            if request.stage is not Stage.CONSENTING or not await uow.link_requests.spend(
                claims.jti, claims.expires_at
            ):
                raise refusals.state_used()
            verifier = await uow.link_requests.verifier(request.request_id)
            await uow.commit()
        if verifier is None:
            raise refusals.state_used()
        return request, verifier

    async def _exchanged(self, code: Secret, verifier: Secret) -> UserGrant:
        try:
            return await self._zoom().exchanged(code, verifier)
        except NeedsAttention as refused:
            if refused.code in ("zoom_code_refused", "zoom_grant_dead"):
                raise refusals.code_refused() from refused
            raise
        except (OutcomeUnknown, Transient) as error:
            raise refusals.zoom_silent() from error

    async def _identified(self, grant: UserGrant) -> ZoomIdentity:
        try:
            return await self._zoom().identify(grant.access.token)
        except VestibuleError as error:
            await ended_at_zoom(self._zoom(), self._clock, grant.access, grant.refresh)
            if error.code == "zoom_scope_missing":
                raise refusals.scope_missing() from error
            raise refusals.zoom_silent() from error

    async def _pending(self, request: LinkRequest, grant: UserGrant, who: ZoomIdentity) -> Pending:
        code = code_from(self._chance.numbers(CODE_LENGTH))
        expires_at = self._clock.now() + LIFE
        async with self._store.work() as uow:
            current = await uow.link_requests.get(request.request_id)
            landed = await settled(uow, request, grant, who)
            refused = landed.refusal
            if current is None or current.stage is not Stage.CONSENTING:
                refused = refused or refusals.ticket_used()
            if refused is None:
                code_hash = self._tickets.digests(_code_of(request), code)[0]
                confirming = replace(
                    request,
                    stage=Stage.CONFIRMING,
                    expires_at=expires_at,
                    code_hash=code_hash,
                    adopted=landed.adopted_by,
                )
                await uow.link_requests.save(confirming)
                held = None if landed.adopted_by is not None else grant
                await uow.link_requests.save_pending(request.request_id, held, who)
            await uow.commit()
        if refused is not None:
            if landed.adopted_by is None:
                await ended_at_zoom(self._zoom(), self._clock, grant.access, grant.refresh)
            raise refused
        lacks = missing_user_scopes(grant.access.scopes)
        return Pending(
            request.guild_name,
            address_hint(who.user.email),
            who.user.licensed,
            code,
            lacks.required,
            lacks.optional,
            expires_at,
        )

    async def _give_up(self, request: LinkRequest, reason: str) -> None:
        now = self._clock.now()
        async with self._store.work() as uow:
            current = await uow.link_requests.get(request.request_id)
            if current is not None:
                await _end(uow, current, now)
            await uow.audit.append(
                request.guild_id, "link.refused", at=now, actor=request.member_id, facts={"reason": reason}
            )
            await uow.commit()

    def _zoom(self) -> Consents:
        if self._consents is None:
            raise refusals.oauth_not_configured()
        return self._consents

    def _matches(self, purpose: str, kept: str, given: Secret) -> bool:
        return any(compare_digest(kept, each) for each in self._tickets.digests(purpose, given))

    def _random(self, salts: int) -> Secret:
        drawn = b"".join(self._chance.salt() for _ in range(salts))
        return Secret(urlsafe_b64encode(drawn).rstrip(b"=").decode())


_COOKIE = "link-cookie"


def _code_of(request: LinkRequest) -> str:
    return f"link-code:{request.request_id}"


def _challenge(verifier: Secret) -> str:
    """PKCE's S256 (https://www.rfc-editor.org/rfc/rfc7636#section-4.2)."""
    return urlsafe_b64encode(sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()


async def _end(uow: UnitOfWork, request: LinkRequest, now: datetime) -> None:
    """Over; what it holds is revoked and erased by the next sweep."""
    await uow.link_requests.save(replace(request, stage=Stage.ENDED, expires_at=now))


async def _wrong_code(uow: UnitOfWork, request: LinkRequest, now: datetime) -> VestibuleError:
    tries = request.tries + 1
    if tries < TRIES:
        await uow.link_requests.save(replace(request, tries=tries))
        return refusals.code_wrong(tries)
    await _end(uow, request, now)
    await uow.audit.append(request.guild_id, "link.code_used_up", at=now, actor=request.member_id)
    return refusals.code_used_up()


async def _broken_of(uow: UnitOfWork, guild_id: GuildId, member_id: MemberId) -> LinkId | None:
    """The one broken link of this person here, which they most likely want to mend."""
    broken = [
        link.link_id
        for link in await uow.links.of_guild(guild_id)
        if link.kind is LinkKind.USER and link.state is LinkState.BROKEN and link.owner == member_id
    ]
    return broken[0] if len(broken) == 1 else None
