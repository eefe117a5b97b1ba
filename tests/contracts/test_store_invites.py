"""What the store promises of personal links, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.invite import InviteState
from bot.domain.values import InviteId, JoinLink, MeetingId, RegistrantId
from tests.contracts.stores import ANA, BEN, MEETING, NOW, add_meeting, furnish, invite, meeting, opened

HOUR = timedelta(hours=1)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        yield store


async def test_invite_lives_through_all_its_states(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        assert await unit.invites.last_generation(MEETING, ANA) == 0
        assert await unit.invites.add(invite())
        steps = [invite().adding(NOW.date())]
        steps.append(steps[-1].issued(RegistrantId("registrant-1")))
        steps.append(steps[-1].delivered(NOW))
        for step in steps:
            await unit.invites.save(step)
            assert await unit.invites.current(MEETING, ANA) == step
        await unit.invites.save(steps[-1].revoked(NOW))
        assert await unit.invites.current(MEETING, ANA) is None
        assert await unit.invites.last_generation(MEETING, ANA) == 1
        again = invite("invite-2", tag="K7G", generation=2)
        assert await unit.invites.add(again)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.invites.current(MEETING, ANA) == again
        assert await unit.invites.current(MEETING, BEN) is None


async def test_second_current_invite_of_a_member_is_refused_and_harms_nothing(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        assert await unit.invites.add(invite())
        assert not await unit.invites.add(invite("invite-2", tag="AAA", generation=2))
        assert await unit.invites.add(invite("invite-3", member_id=BEN, tag="ZZZ"))
        await unit.commit()
    async with store.read() as unit:
        assert [one.invite_id for one in await unit.invites.of_meeting(MEETING)] == ["invite-1", "invite-3"]


async def test_tag_is_never_used_twice_in_a_meeting(store: SqlStore) -> None:
    await furnish(store)
    elsewhere = MeetingId("meeting-2")
    async with store.work() as unit:
        await add_meeting(unit, meeting(elsewhere))
        await unit.invites.add(invite(tag="AAA"))
        await unit.invites.save(invite(tag="AAA").revoked(NOW))
        assert not await unit.invites.add(invite("invite-2", member_id=BEN, tag="AAA"))
        assert await unit.invites.add(invite("invite-3", member_id=BEN, tag="AAA", meeting_id=elsewhere))


async def test_link_is_kept_beside_its_invite(store: SqlStore) -> None:
    await furnish(store)
    link = JoinLink("https://zoom.example/w/1?tk=abc")
    async with store.work() as unit:
        await unit.invites.add(invite())
        assert await unit.invites.link(InviteId("invite-1")) is None
        await unit.invites.save_link(InviteId("invite-1"), link)
        await unit.invites.save(invite(state=InviteState.ISSUED))
        assert await unit.invites.link(InviteId("invite-1")) == link
        assert await unit.invites.link(InviteId("unknown")) is None


async def test_link_of_an_unknown_invite_is_refused(store: SqlStore) -> None:
    with pytest.raises(LookupError):
        async with store.work() as unit:
            await unit.invites.save_link(InviteId("invite-1"), JoinLink("https://zoom.example/w/1"))


async def test_revoked_invites_count_as_registrants_but_hold_no_link(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        for number, (name, tag) in enumerate([("zoe", "AAA"), ("Ana", "BBB"), ("Ben", "CCC")], start=1):
            await unit.invites.add(invite(f"invite-{number}", member_id=type(ANA)(number), tag=tag, name=name))
        await unit.invites.save(invite("invite-3", member_id=type(ANA)(3), tag="CCC", name="Ben").revoked(NOW))
        assert [one.shown_name for one in await unit.invites.of_meeting(MEETING)] == ["Ana·BBB", "zoe·AAA"]
        assert await unit.invites.count(MEETING) == 3


async def test_coming_is_remembered_once_until_the_member_holds_an_invite(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        assert not await unit.invites.asked(MEETING, ANA)
        await unit.invites.add_coming(MEETING, ANA, NOW)
        await unit.invites.add_coming(MEETING, ANA, NOW + HOUR)
        await unit.invites.add_coming(MEETING, BEN, NOW)
        assert await unit.invites.asked(MEETING, ANA)
        assert await unit.invites.count_coming(MEETING) == 2
        await unit.invites.add(invite())
        assert await unit.invites.count_coming(MEETING) == 1
        await unit.invites.save(invite().revoked(NOW))
        assert await unit.invites.count_coming(MEETING) == 2


async def test_member_with_a_revoked_invite_has_asked(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        await unit.invites.add(invite())
        await unit.invites.save(invite().revoked(NOW))
        assert await unit.invites.asked(MEETING, ANA)
        assert not await unit.invites.asked(MEETING, BEN)


async def test_several_invites_are_added_saved_and_read_together(store: SqlStore) -> None:
    await furnish(store)
    ana, ben, taken = invite(), invite("invite-2", member_id=BEN, tag="BBB"), invite("invite-3", member_id=type(ANA)(3))
    links = {ben.invite_id: JoinLink("https://zoom.example/w/1?tk=ben")}
    async with store.work() as unit:
        assert await unit.invites.add_all([]) == ()
        assert set(await unit.invites.add_all([ana, ben, taken])) == {ana.invite_id, ben.invite_id}, (
            "a tag is used once"
        )
        counted = ana.adding(NOW.date())
        issued = ben.adding(NOW.date()).issued(RegistrantId("registrant-2"))
        await unit.invites.save_all([counted, issued], links)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.invites.current_of(MEETING, [ANA, BEN, type(ANA)(3)]) == {ANA: counted, BEN: issued}
        assert await unit.invites.links([ana.invite_id, ben.invite_id]) == links
        assert await unit.invites.last_generations(MEETING, [ANA, BEN, type(ANA)(3)]) == {ANA: 1, BEN: 1}
        assert await unit.invites.current_of(MEETING, []) == {}


async def test_invites_that_are_held_are_changed_by_nobody_else(store: SqlStore) -> None:
    await furnish(store)
    async with store.work() as unit:
        await unit.invites.add(invite())
        await unit.commit()

    async def revoke() -> None:
        async with store.work() as other:
            await other.invites.save(invite().revoked(NOW))
            await other.commit()

    async with store.work() as unit:
        standing = (await unit.invites.current_of(MEETING, [ANA], hold=True))[ANA]
        revoking = asyncio.create_task(revoke())
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not revoking.done()
        await unit.invites.save_all([standing.issued(RegistrantId("registrant-1")).delivered(NOW)])
        await unit.commit()
    await revoking
    async with store.read() as unit:
        assert await unit.invites.current(MEETING, ANA) is None, "the withdrawal came last and stands"
