"""What the store promises about people's data: shown whole, erased whole, held where a hold says so, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.audit import first_break
from bot.domain.edit import Edit
from bot.domain.guest import Guest
from bot.domain.incident import Category, Incident, IncidentId
from bot.domain.meeting import MeetingState, ProfileName
from bot.domain.privacy import NOBODY, Topic
from bot.domain.session import Session
from bot.domain.tracking import Happening, MarkKind, Report, mark
from bot.domain.values import (
    AlertId,
    GuestId,
    GuildId,
    InviteId,
    JoinLink,
    LinkId,
    MeetingId,
    MemberId,
    ParticipantId,
    RegistrantId,
    SessionId,
)
from bot.ports import Alert, AlertKind, EventKind, InboxEvent, IncomingEvent, UnitOfWork
from bot.ports.privacy import Departure, Erasure, Why
from tests.contracts.stores import (
    ANA,
    BEN,
    GUILD,
    MEETING,
    NOW,
    account,
    add_meeting,
    everything_stored,
    host,
    invite,
    meeting,
    opened,
    traces_of,
)
from tests.contracts.stores import (
    PASSCODE as PASS,
)
from tests.contracts.test_store_audit import knows

OTHER, OTHER_GUILD, OTHER_LINK = MeetingId("meeting-2"), GuildId(GUILD + 5), LinkId("link-2")
ANAS_WORDS, BENS_WORDS = "Ana wrote: it was loud", "Ben wrote: it was fine"
SESSION = SessionId("uuid-1")
NONE: frozenset[MeetingId] = frozenset()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        async with store.work() as unit:
            await furnished(unit)
            await unit.commit()
        yield store


async def furnished(unit: UnitOfWork) -> None:
    """A meeting that is over, with Ana and Ben in every table that can hold them, and one of Ana's in another community."""
    await add_meeting(unit, meeting(created_by=ANA, state=MeetingState.ENDED, starts_at=NOW - timedelta(hours=2)))
    await unit.links.save_host(GUILD, host())
    for number, (member, name, tag) in enumerate(((ANA, "Ana", "K7F"), (BEN, "Ben", "B2B"))):
        held = invite(f"invite-{number}", member, tag, name=f"{name} Canaryname").issued(RegistrantId(f"reg{number}"))
        await unit.invites.add(held)
        await unit.invites.save(held)
        await unit.invites.save_link(held.invite_id, JoinLink(f"https://zoom.us/w/1?tk={name}"))
        await unit.invites.add_coming(MEETING, member, NOW)
        await unit.reminders.add(MEETING, member, NOW)
        await unit.checks.ask(MEETING, member, NOW)
        event = IncomingEvent(
            key=f"{number}" * 64,
            kind=EventKind.JOINED,
            account_id="account",
            at=NOW,
            session_id=SESSION,
            facts={"registrant_id": f"reg{number}", "user_name": f"{name} Canaryname"},
        )
        await unit.inbox.add([InboxEvent(MEETING, event)], NOW, handled=[EventKind.JOINED])
        seen = {"user_id": str(number), "name": held.shown_name, "registrant_id": f"reg{number}"}
        track = Report(Happening.JOINED, NOW, SESSION, ParticipantId(f"p{number}"), **seen).track()  # type: ignore[arg-type]
        shares = mark(SESSION, MarkKind.SHARING, str(number), on=True, at=NOW, name=held.shown_name)
        nameless = replace(event, key=f"{number + 5}" * 64, facts={"user_name": held.shown_name})
        await unit.inbox.add([InboxEvent(MEETING, nameless)], NOW, handled=[EventKind.JOINED])
        await unit.roster.save([track], [shares], await unit.roster.hold(SESSION, MEETING))
        await unit.audit.append(GUILD, "report", at=NOW, actor=member, text=(ANAS_WORDS, BENS_WORDS)[number])
        await unit.erasures.put(Erasure(GUILD, member, Why.LEFT, NOW, NOW + timedelta(days=30)))
    await unit.sessions.save(Session(SESSION, MEETING, NOW - timedelta(hours=2), NOW - timedelta(hours=1)))
    await unit.guests.add(Guest(GuestId("g1"), MEETING, "Dr. Lee", "GK7F", "g1@guests.example.org", ANA, NOW))
    await unit.edits.put(
        Edit(
            edit_id="edit",
            meeting_id=MEETING,
            proposed_by=ANA,
            proposed_at=NOW,
            topic="Reading circle",
            starts_at=NOW,
            duration=timedelta(hours=1),
            profile=ProfileName.MEMBERS,
            extra_role=None,
            alternative_hosts=(),
            personal_links=True,
            waiting_room=True,
        )
    )
    await unit.links.save(account(OTHER_LINK, guild_id=OTHER_GUILD))
    await unit.meetings.add(meeting(OTHER, guild_id=OTHER_GUILD, link_id=OTHER_LINK, created_by=BEN), PASS)
    await unit.invites.add(invite("invite-9", ANA, "Q9Q", meeting_id=OTHER, name="Ana elsewhere"))


async def erased(
    store: SqlStore, member_id: MemberId = ANA, spare: frozenset[MeetingId] = NONE, piece: int = 2
) -> None:
    while True:
        async with store.work() as unit:
            gone = await unit.personal.erase_member(GUILD, member_id, spare, piece)
            await unit.erasures.drop(GUILD, member_id)
            unit.personal.drop_traces()
            await unit.commit()
        if not gone:
            return


async def test_member_is_told_everything_but_no_link(store: SqlStore) -> None:
    async with store.read() as unit:
        told = await unit.personal.of_member(GUILD, ANA)
    assert {record.topic for record in told} == {
        Topic.LINKS,
        Topic.COMING,
        Topic.REMINDERS,
        Topic.CHECKS,
        Topic.IN_CALLS,
        Topic.PLANNED,
        Topic.GUESTS,
        Topic.ZOOM,
        Topic.RECORD,
        Topic.ERASING,
    }
    (link,) = [record for record in told if record.topic is Topic.LINKS]
    assert (link.meeting, link.starts_at) == ("Reading circle", NOW - timedelta(hours=2))
    assert dict(link.facts)["name shown in the call"] == "Ana Canaryname"
    text = repr(told)
    assert "https://" not in text
    assert "tk=" not in text
    assert "Ben" not in text
    assert "elsewhere" not in text, "what another community holds is asked there"


async def test_erased_member_is_gone_from_every_table_and_the_chain_holds(store: SqlStore) -> None:
    async with store.read() as unit:
        before = await unit.audit.entries(GUILD)
    await erased(store)
    async with store.read() as unit:
        assert not await unit.personal.knows(GUILD, ANA)
        assert await unit.personal.of_member(GUILD, ANA) == []
        assert await unit.personal.knows(GUILD, BEN)
        assert await unit.personal.knows(OTHER_GUILD, ANA), "another community is not asked"
        after = await unit.audit.entries(GUILD)
        kept = await unit.meetings.get(MEETING)
    assert after == before
    assert first_break(after) is None
    assert kept is not None
    assert kept.created_by == NOBODY


async def test_bytes_of_the_erased_leave_the_files(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.invites.save(invite("invite-9", BEN, "Q9Q", meeting_id=OTHER))
        await unit.commit()
    await erased(store)
    left = await everything_stored(store)
    assert not knows(left, ANA, store)
    for canary in ("Ana Canaryname", ANAS_WORDS):
        assert not [trace for trace in traces_of(canary) if trace in left]
    for kept in ("Ben Canaryname", BENS_WORDS):
        assert [trace for trace in traces_of(kept) if trace in left]


async def test_what_a_hold_keeps_is_spared_and_goes_when_it_ends(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.audit.append(GUILD, "lock", at=NOW, actor=ANA, meeting=MEETING, text=ANAS_WORDS)
        await unit.commit()
    await erased(store, spare=frozenset({MEETING}))
    async with store.read() as unit:
        assert await unit.invites.current(MEETING, ANA) is not None
        told = {record.topic for record in await unit.personal.of_member(GUILD, ANA)}
    assert {Topic.LINKS, Topic.RECORD} <= told, "whose link it was stays known"
    await erased(store)
    async with store.read() as unit:
        assert not await unit.personal.knows(GUILD, ANA)


async def test_invites_to_coming_calls_lose_their_member_and_keep_their_address(store: SqlStore) -> None:
    coming = MeetingId("meeting-3")
    async with store.work() as unit:
        await unit.meetings.add(meeting(coming), PASS)
        first = invite("invite-c", ANA, "C3C", meeting_id=coming, name="Ana Comingname")
        await unit.invites.add(first)
        await unit.invites.save(first.revoked(NOW))
        await unit.commit()
    await erased(store)
    async with store.read() as unit:
        assert not await unit.personal.knows(GUILD, ANA)
        assert await unit.invites.last_generation(coming, ANA) == 0
        assert await unit.invites.ownerless_addresses(coming) == {first.address}
        assert await unit.invites.count(coming) == 1


async def test_meetings_are_over_by_their_end_and_their_last_session(store: SqlStore) -> None:
    live = MeetingId("meeting-live")
    async with store.work() as unit:
        await unit.meetings.add(meeting(live, state=MeetingState.LIVE, starts_at=NOW - timedelta(days=40)), PASS)
        await unit.commit()
    async with store.read() as unit:
        over = unit.personal.over
        assert await over(GUILD, NOW - timedelta(hours=1), NONE, 9) == [], "a session ended no sooner than that"
        assert await over(GUILD, NOW - timedelta(minutes=59), NONE, 9) == [MEETING]
        assert await over(GUILD, NOW - timedelta(minutes=59), frozenset({MEETING}), 9) == []
        assert await over(OTHER_GUILD, NOW - timedelta(minutes=59), NONE, 9) == []


async def test_purged_meeting_takes_everything_with_it_in_pieces(store: SqlStore) -> None:
    pieces = []
    while True:
        async with store.work() as unit:
            gone = await unit.personal.purge_meeting(MEETING, 3)
            unit.personal.drop_traces()
            await unit.commit()
        if not gone:
            break
        pieces.append(gone)
    assert max(pieces) <= 3
    assert len(pieces) > 3
    async with store.read() as unit:
        assert await unit.meetings.get(MEETING) is None
        assert await unit.meetings.get(OTHER) is not None
        assert await unit.invites.link(InviteId("invite-0")) is None
    left = await everything_stored(store)
    assert not [trace for trace in traces_of("Ben Canaryname") if trace in left]


async def test_old_texts_and_people_nobody_names_any_more_are_forgotten(store: SqlStore) -> None:
    later = NOW + timedelta(days=31)
    async with store.work() as unit:
        await unit.audit.append(GUILD, "join", at=later, actor=BEN, text="Ben again")
        await unit.alerts.put(Alert(AlertId("a1"), GUILD, AlertKind.DISCONNECTED, NOW))
        await unit.commit()
    async with store.read() as unit:
        before = await unit.audit.entries(GUILD)
        assert await unit.personal.anything_old(GUILD, later, NONE)
        assert not await unit.personal.anything_old(GUILD, NOW, NONE)
    async with store.work() as unit:
        assert await unit.personal.purge_old(GUILD, later, NONE, 100) == 4
        assert await unit.personal.purge_old(GUILD, later, NONE, 100) == 0
        unit.personal.drop_traces()
        await unit.commit()
    left = await everything_stored(store)
    assert [trace for trace in traces_of("Ben again") if trace in left]
    for gone in (ANAS_WORDS, BENS_WORDS):
        assert not [trace for trace in traces_of(gone) if trace in left]
    async with store.read() as unit:
        entries = await unit.audit.entries(GUILD)
        told = await unit.personal.of_member(GUILD, BEN)
        assert [record.topic for record in told].count(Topic.RECORD) == 2, "Ben is still named, by the newer entry"
        assert Topic.RECORD not in {record.topic for record in await unit.personal.of_member(GUILD, ANA)}
    assert entries == before
    assert first_break(entries) is None


async def test_erased_community_leaves_only_a_record_of_nobody(store: SqlStore) -> None:
    async with store.work() as unit:
        while await unit.personal.erase_community(GUILD, NONE, 4):
            pass
        unit.personal.drop_traces()
        await unit.commit()
    left = await everything_stored(store)
    assert not knows(left, BEN, store) or await bens_other(store)
    async with store.read() as unit:
        assert not await unit.personal.anything_left(GUILD)
        assert first_break(await unit.audit.entries(GUILD)) is None
        assert list(await unit.personal.communities()) == [OTHER_GUILD]
        assert await unit.links.hosts(GUILD) == []
        assert await unit.meetings.get(OTHER) is not None


async def bens_other(store: SqlStore) -> bool:
    """Ben planned the other community's meeting, so his number stands there and nowhere else."""
    async with store.read() as unit:
        return not await unit.personal.knows(GUILD, BEN)


async def test_calls_are_those_with_a_link_planned_or_hosted(store: SqlStore) -> None:
    async with store.read() as unit:
        (own,) = await unit.personal.calls(GUILD, BEN)
        assert (own.meeting_id, own.end, own.live) == (MEETING, NOW - timedelta(hours=1), False)
        assert await unit.personal.calls(GUILD, MemberId(5)) == []


async def test_what_was_asked_for_is_not_replaced_by_leaving(store: SqlStore) -> None:
    asked = Erasure(GUILD, ANA, Why.ASKED, NOW, NOW + timedelta(hours=3))
    async with store.work() as unit:
        await unit.erasures.put(asked)
        await unit.erasures.put(Erasure(GUILD, ANA, Why.LEFT, NOW, NOW + timedelta(days=30)))
        await unit.erasures.came_back(GUILD, ANA)
        await unit.erasures.came_back(GUILD, BEN)
        assert await unit.erasures.get(GUILD, ANA) == asked
        assert await unit.erasures.get(GUILD, BEN) is None
        assert await unit.erasures.due(asked.due_at - timedelta(seconds=1), 9) == []
        assert await unit.erasures.due(asked.due_at, 9) == [asked]


async def test_departed_community_is_kept_until_dropped(store: SqlStore) -> None:
    gone = Departure(GUILD, NOW, NOW)
    async with store.work() as unit:
        await unit.erasures.put_departure(gone)
        await unit.erasures.put_departure(gone)
        assert await unit.erasures.due_departures(NOW, 9) == [gone]
        assert await unit.erasures.departure(OTHER_GUILD) is None
        await unit.erasures.drop_departure(GUILD)
        assert await unit.erasures.departure(GUILD) is None


async def test_incident_holds_its_meeting(store: SqlStore) -> None:
    async with store.work() as unit:
        incident = Incident(IncidentId("i1"), GUILD, 1, Category.HATE, NOW, MEETING, SESSION)
        await unit.incidents.save(incident)
        assert (await unit.holds.held(NOW)).meetings == {MEETING}
