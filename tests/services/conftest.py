"""A whole Vestibule without sockets: the real use cases and the real store, with Zoom and Discord replaced at their ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.discord_chat.incident_cases import IncidentCases
from bot.adapters.signing.jwt_tickets import JwtTickets
from bot.adapters.store.sealed import Sealer, new_key
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.domain.community import ChannelFacts, Community, MemberFacts, RoleFacts
from bot.domain.meeting import Host, Meeting, ProfileName
from bot.domain.values import ChannelId, GuildId, LinkId, MeetingId, MemberId, RoleId, ZoomUserId
from bot.from_leaks import LeakWatch, leak_watch
from bot.ports import (
    AccountLink,
    AftercarePosts,
    Job,
    LeakMessages,
    LinkJob,
    LinkKind,
    LinkRules,
    PrivateFollowUps,
    PrivateReminders,
    ServerEvents,
    WeeklyTimes,
    ZoomUser,
)
from bot.privacy import PeoplesData
from bot.services.account_status import AccountStatus
from bot.services.admissions import Admissions
from bot.services.alerting import Alerting
from bot.services.announcing import Announcing
from bot.services.cancelling import Cancelling
from bot.services.community_setup import CommunitySetup
from bot.services.companions import Companions
from bot.services.creating import Creating
from bot.services.drafting import Drafting, MeetingAsk
from bot.services.drift import Drifting
from bot.services.foreign_registrations import ForeignRegistrations
from bot.services.intake import Intake
from bot.services.invite_book import Addresses
from bot.services.issuing import Issuing
from bot.services.link_requests import LinkRequests
from bot.services.link_upkeep import LinkUpkeep
from bot.services.meeting_views import MeetingViews
from bot.services.planning_anew import PlanningAnew
from bot.services.proposing import Proposing
from bot.services.releasing import LinksFollow
from bot.services.reminding import Reminding
from bot.services.rooms import Rooms
from bot.services.series import Series
from bot.services.series_cancelling import SeriesCancelling
from bot.services.series_views import SeriesViews
from bot.services.server_events import EventKeeping
from bot.services.sessions import LiveSessions
from bot.services.unlinking import Unlinking
from bot.services.upkeep import Upkeep
from tests.databases import sqlite_at_head
from tests.services.fake_consents import FakeConsents
from tests.services.fakes import FakeChat, FakeZoom, FixedClock, IsoPhrases, SeededChance
from tests.services.fakes_beside import FakeReminders, FakeServerEvents, FakeWhereabouts, PlainWeeks
from tests.services.fakes_events import FakeAlerts, hashed
from tests.services.fakes_leaks import FakeLeakMessages, FakeLinkRules
from tests.services.incident_rig import FakeAftercare, FakeFollowUps, FakePastCalls, FakeRemoving, incident_cases

GUILD = GuildId(11)
VERIFIED, ORGANISER, MODERATOR, SPEAKERS = RoleId(21), RoleId(22), RoleId(23), RoleId(24)
CALLS, STAFF = ChannelId(31), ChannelId(32)
OLGA, ANA, BEN, MALLORY = MemberId(41), MemberId(42), MemberId(43), MemberId(44)
LINK = LinkId("link-1")
HOST, BASIC = ZoomUserId("zoom-host"), ZoomUserId("zoom-basic")


@dataclass
class Vestibule:
    """Everything a test of a use case needs to reach."""

    store: SqlStore
    zoom: FakeZoom
    chat: FakeChat
    clock: FixedClock
    chance: SeededChance
    drafting: Drafting
    creating: Creating
    cancelling: Cancelling
    admissions: Admissions
    announcing: Announcing
    views: MeetingViews
    setup: CommunitySetup
    upkeep: Upkeep
    intake: Intake
    rooms: Rooms
    drifting: Drifting
    planning_anew: PlanningAnew
    alerts: FakeAlerts
    alerting: Alerting
    proposing: Proposing
    links: LinksFollow
    consents: FakeConsents
    link_requests: LinkRequests
    link_upkeep: LinkUpkeep
    account_status: AccountStatus
    unlinking: Unlinking
    series: Series
    series_cancelling: SeriesCancelling
    series_views: SeriesViews
    reminding: Reminding
    events: ServerEvents
    reminders: PrivateReminders
    incidents: IncidentCases
    removing: FakeRemoving
    past_calls: FakePastCalls
    follow_ups: PrivateFollowUps
    aftercare: AftercarePosts
    leak_messages: FakeLeakMessages
    link_rules: FakeLinkRules
    watched: LeakWatch
    data: PeoplesData
    whereabouts: FakeWhereabouts

    def person(self, member_id: MemberId, *roles: RoleId, **facts: object) -> MemberFacts:
        known = MemberFacts(
            member_id=member_id,
            shown_name=str(facts.pop("name", f"Person {member_id}")),
            role_ids=frozenset(roles),
            created_at=self.clock.now() - timedelta(days=400),
            joined_at=self.clock.now() - timedelta(days=200),
            **facts,  # type: ignore[arg-type]
        )
        self.chat.members[member_id] = known
        return known

    @property
    def organiser(self) -> MemberFacts:
        return self.person(OLGA, ORGANISER, VERIFIED, name="Olga")

    def ana(self) -> MemberFacts:
        return self.person(ANA, VERIFIED, name="Ana")

    async def create(self, **ask: object) -> Meeting:
        """Draft and confirm a meeting in 40 minutes, and run the jobs that follow."""
        when = (self.clock.now() + timedelta(minutes=40)).isoformat()
        fields: dict[str, object] = {"topic": "Choir practice", "when": when, "minutes": 60, "host": HOST} | ask
        draft = await self.drafting.draft(self.organiser, GUILD, MeetingAsk(**fields))  # type: ignore[arg-type]
        made = await self.creating.confirm(self.organiser, GUILD, draft.meeting.meeting_id)
        await self.run_jobs()
        return made.meeting

    async def live_links(self, **ask: object) -> Meeting:
        """A meeting whose links are released."""
        meeting = await self.create(**ask)
        self.clock.advance(minutes=15)
        return meeting

    async def meeting(self, meeting_id: MeetingId) -> Meeting:
        async with self.store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
        assert meeting is not None
        return meeting

    async def actions(self) -> list[str]:
        async with self.store.read() as uow:
            return [entry.action for entry in await uow.audit.entries(GUILD)]

    async def run_jobs(self) -> list[tuple[str, str]]:
        """Sweep and run every waiting job until nothing is left; what ran, in order."""
        ran: list[tuple[str, str]] = []
        manager = self.store.jobs.app.job_manager
        while waiting := await self._waiting():
            for job in waiting:
                (subject,) = map(str, job.task_kwargs.values())
                if job.task_name.startswith("link."):
                    await self.link_upkeep.run(LinkJob(job.task_name), subject)
                else:
                    await self.upkeep.run(Job(job.task_name), MeetingId(subject))
                await manager.cancel_job_by_id_async(int(job.id or 0))
                ran.append((job.task_name, subject))
        return ran

    async def _waiting(self) -> list[Any]:
        """What there is to do, with what falls due now."""
        await self.rooms.settled()
        await self.upkeep.sweep()
        await self.link_upkeep.sweep()
        found = await self.store.jobs.app.job_manager.list_jobs_async(status="todo")
        return [job for job in found if job.queue in ("routine", "live")]


on_both_stores = pytest.mark.parametrize("address", ["sqlite_url", "postgres_url"], indirect=True)
"""For a test that takes a Vestibule built on `address`."""


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """The address of a database at head: SQLite, unless a test asks for both."""
    found: str = request.getfixturevalue(getattr(request, "param", "sqlite_url"))
    return found


@pytest.fixture
async def vestibule(tmp_path: Path) -> AsyncIterator[Vestibule]:
    async with opened_vestibule(sqlite_at_head(tmp_path / "vestibule.db")) as built:
        yield built


@asynccontextmanager
async def opened_vestibule(url: str) -> AsyncIterator[Vestibule]:
    """A community with two hosts, on the store at this address; its database is at head."""
    chance, clock, chat = SeededChance(), FixedClock(), FakeChat()
    zoom = FakeZoom(
        ZoomUser(HOST, "host@choir.example", "Hanna Host", True), ZoomUser(BASIC, "basic@choir.example", "Bo", False)
    )
    store = open_store(url, Sealer([new_key()]), chance)
    built = build(store, zoom, chat, clock, chance)
    for job in Job:
        store.jobs.register(job.value, _never, queue="routine")
    for link_job in LinkJob:
        store.jobs.register(link_job.value, _never, queue="routine")
    async with store.work() as uow:
        await uow.communities.save(community())
        await uow.links.save(AccountLink(LINK, GUILD, LinkKind.SERVER_TO_SERVER, "account"))
        await uow.links.save_host(GUILD, Host(HOST, "host@choir.example", True, LINK, "Hanna Host"))
        await uow.links.save_host(GUILD, Host(BASIC, "basic@choir.example", False, LINK, "Bo"))
        await uow.commit()
    for role_id, name in ((VERIFIED, "Verified"), (ORGANISER, "Organiser"), (MODERATOR, "Mod"), (SPEAKERS, "Speakers")):
        chat.known_roles[role_id] = RoleFacts(role_id, name)
    chat.channels[CALLS] = ChannelFacts(CALLS, "calls", visible_to_everyone=True)
    chat.channels[STAFF] = ChannelFacts(STAFF, "staff", visible_to_everyone=False)
    async with store.jobs.open():
        yield built
        await built.rooms.close()
    await store.close()


def build(
    store: SqlStore,
    zoom: FakeZoom,
    chat: FakeChat,
    clock: FixedClock,
    chance: SeededChance,
    *,
    domain: str | None = "guests.choir.example",
    weeks: WeeklyTimes | None = None,
    events: ServerEvents | None = None,
    reminders: PrivateReminders | None = None,
    follow_ups: PrivateFollowUps | None = None,
    aftercare: AftercarePosts | None = None,
    leak_messages: LeakMessages | None = None,
    link_rules: LinkRules | None = None,
) -> Vestibule:
    creating = Creating(store, zoom, clock)
    announcing = Announcing(store, chat, clock)
    phrases = IsoPhrases()
    drafting = Drafting(store, chat, phrases, clock, chance, registrant_domain=domain)
    cancelling = Cancelling(store, creating, clock)
    drifting, alerts = Drifting(store, zoom, cancelling, clock, chance), FakeAlerts()
    live = LiveSessions(store, zoom, clock)
    rooms = Rooms(store, live, clock, lambda address: [hashed(address)], takes_events=True)
    registrations = ForeignRegistrations(store, zoom, clock, chance, lambda address: [hashed(address)])
    from_events = {
        Job.FOLD_SESSIONS: rooms.fold,
        Job.LOOK_LIVE: live.look,
        Job.CHECK_DRIFT: drifting.check,
        Job.CHECK_REGISTRATIONS: registrations.check,
    }
    consents = FakeConsents(clock)
    tickets = JwtTickets({"first": b"t" * 32})
    requests = LinkRequests(store, consents, tickets, clock, chance, "https://vestibule.example")
    events, reminders = events or FakeServerEvents(), reminders or FakeReminders()
    series = Series(store, drafting, creating, weeks or PlainWeeks(), clock, chance)
    reminding = Reminding(store, chat, reminders, announcing, clock)
    companions = Companions(store, announcing, series, EventKeeping(store, events, clock), reminding, clock)
    addresses = Addresses(b"k" * 32, domain)
    issuing = Issuing(store, zoom, chat, clock, chance, addresses)
    links = LinksFollow.built(
        store, zoom, chat, creating, announcing, companions.announce, issuing, addresses, clock, chance
    )
    follow_ups, aftercare, removing = follow_ups or FakeFollowUps(), aftercare or FakeAftercare(), FakeRemoving()
    past_calls = FakePastCalls()
    seen_leaks, seen_rules = FakeLeakMessages(), FakeLinkRules()
    watched = leak_watch(
        store,
        zoom,
        leak_messages or seen_leaks,
        link_rules or seen_rules,
        creating,
        links.revoking,
        announcing,
        clock,
        chance,
    )
    unlinking, whereabouts = Unlinking(store, consents, clock), FakeWhereabouts()
    return Vestibule(
        store=store,
        zoom=zoom,
        chat=chat,
        clock=clock,
        chance=chance,
        drafting=drafting,
        creating=creating,
        cancelling=cancelling,
        admissions=Admissions(store, issuing, clock),
        announcing=announcing,
        views=MeetingViews(store),
        setup=CommunitySetup(
            store, chat, phrases, clock, has_event_endpoint=True, has_registrant_domain=domain is not None
        ),
        upkeep=Upkeep(
            store,
            creating,
            announcing,
            clock,
            {**companions.handlers(), **links.handlers(), **watched.handlers(), **from_events},
        ),
        series=series,
        series_cancelling=SeriesCancelling(store, cancelling),
        series_views=SeriesViews(store),
        reminding=reminding,
        events=events,
        reminders=reminders,
        intake=Intake(store, clock, chance, rooms.told),
        rooms=rooms,
        drifting=drifting,
        planning_anew=PlanningAnew(store, drafting),
        alerts=alerts,
        alerting=Alerting(store, chat, alerts, clock),
        proposing=Proposing(store, chat, phrases, drafting, clock, chance),
        links=links,
        consents=consents,
        link_requests=requests,
        link_upkeep=LinkUpkeep(store, requests, chat, clock),
        account_status=AccountStatus(store, zoom, zoom),
        incidents=incident_cases(store, clock, chance, follow_ups, aftercare, removing, rooms, past_calls),
        removing=removing,
        past_calls=past_calls,
        follow_ups=follow_ups,
        aftercare=aftercare,
        leak_messages=seen_leaks,
        link_rules=seen_rules,
        watched=watched,
        unlinking=unlinking,
        whereabouts=whereabouts,
        data=PeoplesData.built(store, chat, whereabouts, links.revoking, unlinking, clock),
    )


def community() -> Community:
    return Community(
        GUILD,
        verified_roles=frozenset({VERIFIED}),
        organiser_roles=frozenset({ORGANISER}),
        moderator_roles=frozenset({MODERATOR}),
        moderators_channel=STAFF,
        announcement_channel=CALLS,
        timezone="Europe/London",
    )


async def _never(**ids: object) -> None:
    raise AssertionError("jobs are run by the test")


__all__ = ["ANA", "BASIC", "BEN", "CALLS", "GUILD", "HOST", "MALLORY", "OLGA", "SPEAKERS", "VERIFIED", "ProfileName"]
