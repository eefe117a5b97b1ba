"""Where everything is kept: repositories, transactions, durable work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import TracebackType
from typing import Protocol, Self

from bot.domain.audit import AuditEntry, AuditNote
from bot.domain.meeting import Host, Meeting
from bot.domain.values import (
    GuildId,
    JoinLink,
    LinkId,
    MeetingId,
    MemberId,
    Passcode,
    ZoomUserId,
)
from bot.ports.alerts import AlertBook
from bot.ports.audit_reading import AuditReading
from bot.ports.bookkeeping import Communities, Notes, Usage
from bot.ports.containment import Acts, Doors
from bot.ports.events import Drifts, Inbox, Sessions
from bot.ports.following import Checks, Edits, Guests, VoidOrders
from bot.ports.incidents import FollowUps, Holds, IncidentBook, IncidentPapers
from bot.ports.invites import Invites
from bot.ports.leaks import LeakBook
from bot.ports.link_rules import LinkRuleBook
from bot.ports.links import Grants, LinkJobs, LinkRequestBook
from bot.ports.panels import PanelBook
from bot.ports.privacy import Erasures, PersonalData
from bot.ports.reminders import Reminders
from bot.ports.roster import Roster
from bot.ports.rotation import RotationBook
from bot.ports.series import SeriesBook
from bot.ports.server_events import KeptEvents
from bot.ports.signing import Checkpoints, SigningKeys
from bot.ports.zoom import CreatedMeeting


class LinkKind(Enum):
    """How an account is linked."""

    SERVER_TO_SERVER = "s2s"
    USER = "user"
    """By OAuth, of one Zoom user."""


class LinkState(Enum):
    """Whether an account's grant works."""

    ACTIVE = "active"
    BROKEN = "broken"
    """Zoom does not accept the grant any more: a user has to link again, the operator to mend the app."""
    UNLINKED = "unlinked"
    """Kept without grant and identity, for the meetings that were made on it."""


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A Zoom account linked to a community.

    Of a user's account: `owner` linked it and may always unlink it, `zoom_user_id` is its one host, `hint` its masked address. `removal` is whether
    Zoom lets us remove people from its running meetings, None until the first real answer.
    """

    link_id: LinkId
    guild_id: GuildId
    kind: LinkKind
    zoom_account_id: str
    state: LinkState = LinkState.ACTIVE
    is_default: bool = True
    owner: MemberId | None = None
    zoom_user_id: ZoomUserId | None = None
    hint: str = ""
    removal: bool | None = None


class Job(Enum):
    """Durable work on a meeting: run at once, or put on the agenda to run later. The value is the task's name."""

    ANNOUNCE = "announce"
    """Bring the announcement up to date, posting it if it is not there yet."""
    NOTIFY_CANCELLED = "notify_cancelled"
    """Tell the channel once that the meeting is cancelled."""
    TELL_HOSTS = "tell_hosts"
    """Tell each named host in private how to start it."""
    RELEASE = "release"
    """Links are open now: say so."""
    CLOSE = "close"
    """The meeting is over: end it and erase its secrets."""
    SETTLE = "settle"
    """Look at Zoom and bring what we know and what is there together."""
    DROP_DRAFT = "drop_draft"
    """Forget a draft that nobody confirmed."""
    CREATE = "create"
    """Create one meeting of a series that was confirmed."""
    SERVER_EVENT = "server_event"
    """Bring the meeting's event in the server's calendar up to date."""
    REMIND = "remind"
    """Remind the channel that the meeting starts soon."""
    REMIND_PEOPLE = "remind_people"
    """Remind, in private, those who asked for it."""
    FOLD_SESSIONS = "fold_sessions"
    """Take in what Zoom reported of starts, ends and people in the call."""
    LOOK_LIVE = "look_live"
    """Ask Zoom whether it is live, while it may be."""
    CHECK_DRIFT = "check_drift"
    """Somebody changed or deleted it at Zoom: see what."""
    CHECK_REGISTRATIONS = "check_registrations"
    """Somebody registered: deny whoever is not ours."""
    CHECK_HOLDERS = "check_holders"
    """Ask about everybody who holds a link whether they are still admitted."""
    DECIDE_AGAIN = "decide_again"
    """Decide again about those who were asked about."""
    REVOKE = "revoke"
    """Make links void at Zoom and see that they are."""
    PREISSUE = "preissue"
    """Make links for those who said that they are coming."""
    CARRY_OUT_EDIT = "carry_out_edit"
    """Bring a confirmed change of a meeting to its end."""
    NOTIFY_CHANGED = "notify_changed"
    """Tell the channel once that the meeting has changed."""
    SETTLE_GUESTS = "settle_guests"
    """Make void what was made for a guest and shown to nobody."""
    CONTAIN = "contain"
    """Go on with acts of containment whose process is gone."""
    TELL_HOLDERS = "tell_holders"
    """Tell members whose links leaked."""
    ROTATE = "rotate"
    """Bring a rotation to its end: this meeting takes another one's place."""
    FINISH_ROTATION = "finish_rotation"
    """Another meeting has taken this one's place: delete it at Zoom."""
    NOTIFY_ROTATED = "notify_rotated"
    """Tell the channel once that there are new links."""
    CHECK_RISK = "check_risk"
    """Zoom found a link in public: tell the moderators."""


@dataclass(frozen=True, slots=True)
class DueItem:
    """Work on a meeting that falls due at a moment. A meeting has each kind at most once."""

    due: Job
    meeting_id: MeetingId
    at: datetime


class Links(Protocol):
    """Linked Zoom accounts and the people who may host on them."""

    async def get(self, link_id: LinkId) -> AccountLink | None: ...
    async def of_guild(self, guild_id: GuildId) -> Sequence[AccountLink]:
        """The community's links, the default one first; without those that were unlinked."""
        ...

    async def of_zoom_user(self, zoom_user_id: ZoomUserId) -> AccountLink | None:
        """The link of this Zoom user, whatever community it belongs to; a user is linked to one at most."""
        ...

    async def save(self, link: AccountLink) -> None: ...
    async def hosts(self, guild_id: GuildId) -> Sequence[Host]:
        """Everyone who may host for this community, by address."""
        ...

    async def save_host(self, guild_id: GuildId, host: Host) -> None:
        """Add or change one host (by user id)."""
        ...

    async def drop_hosts(self, link_id: LinkId, keep: Sequence[ZoomUserId]) -> None:
        """Forget hosts of this link that are not in `keep`."""
        ...


class Meetings(Protocol):
    """Meetings of communities."""

    async def get(self, meeting_id: MeetingId) -> Meeting | None: ...
    async def add(self, meeting: Meeting, passcode: Passcode) -> None: ...
    async def save(self, meeting: Meeting) -> None: ...
    async def remove(self, meeting_id: MeetingId) -> None:
        """Forget a draft."""
        ...

    async def passcode(self, meeting_id: MeetingId) -> Passcode | None: ...
    async def save_created(self, meeting_id: MeetingId, created: CreatedMeeting) -> None:
        """Keep the shared link and the passcode Zoom settled on, sealed."""
        ...

    async def shared_link(self, meeting_id: MeetingId) -> JoinLink | None: ...
    async def forget_secrets(self, meeting_id: MeetingId) -> None:
        """Erase the meeting's and its invites' sealed secrets."""
        ...

    async def upcoming(self, guild_id: GuildId) -> Sequence[Meeting]:
        """CREATED and LIVE meetings, soonest first."""
        ...

    async def with_host(
        self, link_id: LinkId, host_id: ZoomUserId, start: datetime, end: datetime
    ) -> Sequence[Meeting]:
        """Confirmed meetings that are not over and share a moment with [start, end) and have this host or alternative host."""
        ...


class AuditLog(Protocol):
    """The record of what was done."""

    async def append(
        self,
        guild_id: GuildId,
        action: str,
        *,
        at: datetime,
        actor: MemberId | None,
        subject: MemberId | None = None,
        meeting: MeetingId | None = None,
        text: str | None = None,
        facts: Mapping[str, str | int | bool | None] | None = None,
    ) -> AuditEntry:
        """Add one entry to the community's chain. People become opaque ids and `text` a salted hash; both stand in the erasable side table."""
        ...

    async def append_all(self, guild_id: GuildId, notes: Sequence[AuditNote]) -> Sequence[AuditEntry]:
        """As `append`, for several in this order."""
        ...

    async def entries(self, guild_id: GuildId) -> Sequence[AuditEntry]: ...
    async def erase_person(self, guild_id: GuildId, member_id: MemberId) -> None:
        """Erase who an opaque id was and what they wrote. The chain still verifies."""
        ...


class Agenda(Protocol):
    """What falls due."""

    async def put(self, item: DueItem) -> None:
        """Add it, or move it to another moment."""
        ...

    async def drop(self, meeting_id: MeetingId, *dues: Job) -> None:
        """Take entries off; all of the meeting's if none is named."""
        ...

    async def take(self, now: datetime, limit: int) -> Sequence[DueItem]:
        """Remove and give what is due, oldest first."""
        ...


class Jobs(Protocol):
    """The queue of durable work."""

    async def put(self, job: Job, meeting_id: MeetingId, *, urgent: bool = False, coalesced: bool = False) -> None:
        """Enqueue within this transaction; it starts after the commit. Jobs of one meeting run one after the other.

        A `coalesced` one is not added while one of its kind, also coalesced, waits for this meeting.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving without `commit()` rolls back. Never wait for the network inside one."""

    @property
    def communities(self) -> Communities: ...
    @property
    def links(self) -> Links: ...
    @property
    def grants(self) -> Grants: ...
    @property
    def link_requests(self) -> LinkRequestBook: ...
    @property
    def link_jobs(self) -> LinkJobs: ...
    @property
    def meetings(self) -> Meetings: ...
    @property
    def invites(self) -> Invites: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def agenda(self) -> Agenda: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def notes(self) -> Notes: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def series(self) -> SeriesBook: ...
    @property
    def server_events(self) -> KeptEvents: ...
    @property
    def reminders(self) -> Reminders: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def drifts(self) -> Drifts: ...
    @property
    def alerts(self) -> AlertBook: ...
    @property
    def panels(self) -> PanelBook: ...
    @property
    def voids(self) -> VoidOrders: ...
    @property
    def checks(self) -> Checks: ...
    @property
    def guests(self) -> Guests: ...
    @property
    def edits(self) -> Edits: ...
    @property
    def doors(self) -> Doors: ...
    @property
    def acts(self) -> Acts: ...
    @property
    def personal(self) -> PersonalData: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def incidents(self) -> IncidentBook: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def papers(self) -> IncidentPapers: ...
    @property
    def follow_ups(self) -> FollowUps: ...
    @property
    def record(self) -> AuditReading: ...
    @property
    def checkpoints(self) -> Checkpoints: ...
    @property
    def signing_keys(self) -> SigningKeys: ...
    @property
    def roster(self) -> Roster: ...
    @property
    def leaks(self) -> LeakBook: ...
    @property
    def rotations(self) -> RotationBook: ...
    @property
    def link_rules(self) -> LinkRuleBook: ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    async def commit(self) -> None: ...


class Store(Protocol):
    """Where everything is kept."""

    def work(self, *, urgent: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction that may write. `urgent` ones pass all that waits."""
        ...

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction that only reads and waits for no writer."""
        ...
