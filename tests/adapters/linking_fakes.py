"""The use cases of linking, scripted: what pages and commands show can be tested without a store or Zoom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.account_safety import BY_HAND, AccountSafety, weaknesses
from bot.domain.community import MemberFacts
from bot.domain.errors import UserMistake, VestibuleError
from bot.domain.grants import SCOPES
from bot.domain.meeting import Host
from bot.domain.values import GuildId, LinkId, MemberId, Secret, ZoomUserId
from bot.ports import AccountLink, LinkKind, LinkState
from bot.services.account_status import AccountStatus, Capabilities, LinkView, Removal, TokenHealth
from bot.services.link_requests import Consent, Invitation, Linked, LinkRequests, Pending, StartPage
from bot.services.unlinking import Unlinked, Unlinking

NOW = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
TICKET = "eyJhbGciOiJIUzI1NiJ9.canary-ticket.sig"
ADDRESS = f"https://vestibule.choir.example/link/{TICKET}"
COOKIE_VALUE, CODE = "canary-cookie", "K7FQ2M"
ZOOM = "https://zoom.us/oauth/authorize?response_type=code&state=canary-state"
SCREEN_SHARING = weaknesses(AccountSafety(participants_share=True))


def a_link(number: int = 1, **changes: object) -> AccountLink:
    link = AccountLink(
        LinkId(f"link{number}"),
        GuildId(1),
        LinkKind.USER,
        "account",
        is_default=number == 1,
        owner=MemberId(10**18 + number),
        zoom_user_id=ZoomUserId(f"user{number}"),
        hint=f"{'abcdefgh'[number]}…@choir.example",
    )
    return replace(link, **changes)  # type: ignore[arg-type]


def a_view(number: int = 1, **changes: object) -> LinkView:
    link = a_link(number)
    view = LinkView(
        link_id=link.link_id,
        kind=link.kind,
        hint=link.hint,
        licensed=True,
        state=LinkState.ACTIVE,
        is_default=link.is_default,
        owner=link.owner,
        missing_required=(),
        missing_optional=(),
        capabilities=Capabilities(Removal.UNTESTED),
        weaknesses=SCREEN_SHARING,
        by_hand=BY_HAND,
        health=TokenHealth.WORKING,
        token_expires_at=NOW + timedelta(hours=1),
    )
    return replace(view, **changes)  # type: ignore[arg-type]


START_PAGE = StartPage("Choir", "Olga", NOW + timedelta(minutes=9, seconds=30))
PENDING = Pending("Choir", "h…@choir.example", True, Secret(CODE), (), (), NOW + timedelta(minutes=10))
MISSING = tuple(scope for scope in SCOPES if not scope.required)[:2]


@dataclass
class ScriptedRequests(LinkRequests):
    """Says what it is told to, raises `failure` if there is one, and notes every call."""

    page: StartPage = START_PAGE
    pending: Pending = PENDING
    failure: Exception | None = None
    calls: list[tuple[object, ...]] = field(default_factory=list)

    async def begin(self, who: MemberFacts, guild_id: GuildId, *, guild_name: str) -> Invitation:
        self._note("begin", who.member_id, guild_id, guild_name)
        return Invitation(Secret(ADDRESS), NOW + timedelta(minutes=10))

    async def opened(self, ticket: str) -> StartPage:
        self._note("opened", ticket)
        return self.page

    async def consent(self, ticket: str) -> Consent:
        self._note("consent", ticket)
        return Consent(Secret(ZOOM), Secret(COOKIE_VALUE), timedelta(minutes=10))

    async def returned(self, *, code: str | None, state: str | None, cookie: str | None, denied: str | None) -> Pending:
        self._note("returned", code, state, cookie, denied)
        return self.pending

    async def confirm(self, who: MemberFacts, guild_id: GuildId, typed: str) -> Linked:
        self._note("confirm", who.member_id, guild_id, typed)
        if typed != CODE:
            raise UserMistake("That is not the code. You have 4 more tries.", code="code_wrong")
        link = a_link()
        return Linked(link, Host(ZoomUserId("user1"), "b@choir.example", True, link.link_id), first=True)

    def _note(self, *call: object) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure


@dataclass
class ScriptedStatus(AccountStatus):
    views: Sequence[LinkView] = ()
    failure: VestibuleError | None = None

    async def status(self, who: MemberFacts, guild_id: GuildId) -> Sequence[LinkView]:
        if self.failure is not None:
            raise self.failure
        return self.views


@dataclass
class ScriptedUnlinking(Unlinking):
    links: Sequence[AccountLink] = ()
    confirmed: bool = True
    calls: list[tuple[object, ...]] = field(default_factory=list)

    async def removable(self, who: MemberFacts, guild_id: GuildId) -> Sequence[AccountLink]:
        return self.links

    async def unlink(self, who: MemberFacts, guild_id: GuildId, link_id: LinkId) -> Unlinked:
        self.calls.append(("unlink", who.member_id, link_id))
        return Unlinked(replace(a_link(), link_id=link_id), self.confirmed, (), None)

    async def make_default(self, who: MemberFacts, guild_id: GuildId, link_id: LinkId) -> AccountLink:
        self.calls.append(("default", who.member_id, link_id))
        return a_link()
