"""What is kept about leaked links, on both stores: marks under old and new keys, leaks once, who has to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.adapters.store.mark_rotation import MarkRotation
from bot.adapters.store.rotation import Rotation
from bot.adapters.store.sealed import Sealer, key_id, new_key
from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.guest import Guest
from bot.domain.leak import Leak, LeakKind
from bot.domain.meeting import MeetingState
from bot.domain.values import ChannelId, GuestId, GuildId, JoinLink, LeakId, MemberId, MessageId
from bot.domain.zoom_links import LinkToken
from tests.contracts.stores import BEN, KEYS, MEETING, NOW, everything_stored, furnish, invite, opened, traces_of

OLD, NEW = KEYS[0], new_key()
ANA = MemberId(1_300_000_000_000_000_001)
MEMBERS, GUESTS, VOID = LinkToken("members-token-1"), LinkToken("guests-token-1"), LinkToken("revoked-token-1")


def link(token: LinkToken) -> JoinLink:
    return JoinLink(f"https://us02web.zoom.us/w/81234567890?tk={token.reveal()}")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as made:
        await furnish(made)
        guest = Guest(GuestId("guest-1"), MEETING, "Lee", "GABC", "g@guests.example", BEN, NOW)
        current, gone = invite("leak-1", ANA, tag="L01"), invite("leak-2", MemberId(77), tag="L02")
        async with made.work() as uow:
            await uow.invites.add(current)
            await uow.invites.save_link(current.invite_id, link(MEMBERS))
            await uow.invites.add(gone)
            await uow.invites.save_link(gone.invite_id, link(VOID))
            await uow.invites.save(gone.revoked(NOW))
            await uow.guests.add(guest)
            await uow.leaks.note_guest(guest.guest_id, link(GUESTS))
            await uow.commit()
        yield made


def reading_with(store: SqlStore, *keys: str) -> SqlStore:
    return SqlStore(store.database, Sealer(keys), store._chance, store.jobs)


async def known(store: SqlStore, *keys: str) -> set[LinkToken]:
    async with reading_with(store, *keys).read() as uow:
        return set(await uow.leaks.holders([MEMBERS, GUESTS, VOID, LinkToken("nobodys-token")]))


async def test_links_are_known_again_by_their_marks_alone(store: SqlStore) -> None:
    async with store.read() as uow:
        holders = await uow.leaks.holders([MEMBERS, GUESTS, VOID, LinkToken("nobodys-token")])
    assert {
        token: (h.meeting_id, h.invite and h.invite.member_id, h.guest and h.guest.tag) for token, h in holders.items()
    } == {
        MEMBERS: (MEETING, ANA, None),
        VOID: (MEETING, MemberId(77), None),
        GUESTS: (MEETING, None, "GABC"),
    }
    stored = await everything_stored(store)
    for token in (MEMBERS, GUESTS, VOID):
        assert not [trace for trace in traces_of(token.reveal()) if trace in stored]


async def test_marks_survive_a_change_of_keys(store: SqlStore) -> None:
    assert await known(store, NEW, OLD) == {MEMBERS, GUESTS, VOID}
    async for _ in Rotation(store.database, Sealer((NEW, OLD))).run():
        pass
    marks = MarkRotation(store.database, Sealer((NEW, OLD)))
    assert await marks.run() == 1
    assert await marks.remains() == {key_id(OLD): 1}
    assert await known(store, NEW, OLD) == {MEMBERS, GUESTS}
    assert await known(store, NEW) == {MEMBERS}
    assert await marks.run() == 0

    async with store.work() as uow:
        meeting = await uow.meetings.get(MEETING)
        assert meeting is not None
        await uow.meetings.save(meeting.changed(state=MeetingState.ENDED))
        await uow.commit()
    await marks.run()
    assert await marks.remains() == {}
    assert await known(store, NEW, OLD) == {MEMBERS}


def leak(number: int = 1, **changes: object) -> Leak:
    made = Leak(
        LeakId(f"leak-{number}"), GuildId(11), MEETING, LeakKind.MEMBER, NOW, ChannelId(5), MessageId(6), BEN, BEN,
        invite_id=invite("leak-1", ANA).invite_id, member_id=ANA,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_leak_is_kept_once_for_each_message_and_counted_once_for_each_link(store: SqlStore) -> None:
    async with store.work() as uow:
        assert await uow.leaks.add(leak())
        assert not await uow.leaks.add(leak(2))
        assert await uow.leaks.add(leak(3, message_id=MessageId(7)))
        assert await uow.leaks.times(GuildId(11), ANA) == 0
        for number in (1, 3):
            found = await uow.leaks.get(LeakId(f"leak-{number}"))
            assert found is not None
            await uow.leaks.save(found.dealt(BEN, NOW, still_worked=True))
        await uow.commit()
    async with store.read() as uow:
        assert await uow.leaks.times(GuildId(11), ANA) == 1
        assert await uow.leaks.times(GuildId(12), ANA) == 0
        assert [each.leak_id for each in await uow.leaks.untold(MEETING)] == ["leak-1", "leak-3"]
        assert await uow.leaks.of_message(GuildId(11), MessageId(6)) == [leak().dealt(BEN, NOW, still_worked=True)]
        assert await uow.leaks.of_message(GuildId(12), MessageId(6)) == []
        assert await uow.leaks.leaked_among(MEETING, [ANA, BEN]) == {ANA}


async def test_hold_lasts_until_it_is_allowed_once(store: SqlStore) -> None:
    async with store.work() as uow:
        await uow.leaks.hold(GuildId(11), ANA, LeakId("leak-1"), NOW)
        await uow.leaks.hold(GuildId(11), ANA, LeakId("leak-2"), NOW)
        assert await uow.leaks.held(GuildId(11), ANA)
        assert not await uow.leaks.held(GuildId(12), ANA)
        assert await uow.leaks.allow(GuildId(11), ANA)
        assert not await uow.leaks.allow(GuildId(11), ANA)
        await uow.commit()
