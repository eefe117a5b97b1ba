"""Taking an account away: erased here and revoked at Zoom at once, by an organiser or its owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.community import MemberFacts
from bot.domain.errors import Transient, UserMistake
from bot.domain.meeting import Door
from bot.domain.values import GuildId, LinkId
from bot.ports import LinkState, ZoomUser
from bot.services.admissions import LinkReady, NotAdmitted
from bot.services.link_requests import Linked
from tests.services.conftest import ANA, BEN, GUILD, LINK, ORGANISER, VERIFIED, Vestibule
from tests.services.test_link_requests import ticket_of


@pytest.fixture
def hanna(vestibule: Vestibule) -> ZoomUser:
    return vestibule.consents.add("hanna")


async def linked(v: Vestibule, who: MemberFacts, user: ZoomUser) -> Linked:
    invitation = await v.link_requests.begin(who, GUILD, guild_name="Larkspur Choir")
    consent = await v.link_requests.consent(ticket_of(invitation.address))
    brought = v.consents.allow(consent.redirect, user)
    pending = await v.link_requests.returned(
        code=brought["code"], state=brought["state"], cookie=consent.cookie.reveal(), denied=None
    )
    return await v.link_requests.confirm(who, GUILD, pending.code.reveal())


async def test_unlinking_revokes_at_zoom_and_erases_here(vestibule: Vestibule, hanna: ZoomUser, tmp_path: Path) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    done = await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)
    assert done.confirmed_by_zoom
    assert vestibule.consents.live_users() == set()
    async with vestibule.store.read() as uow:
        held = await uow.grants.held(link.link_id)
        assert link.link_id not in {one.link_id for one in await uow.links.of_guild(GUILD)}
        assert hanna.user_id not in {host.user_id for host in await uow.links.hosts(GUILD)}
        kept = await uow.links.get(link.link_id)
    assert held is not None
    assert (held.access, held.refresh) == (None, None)
    assert kept is not None
    assert (kept.state, kept.owner, kept.zoom_user_id, kept.hint) == (LinkState.UNLINKED, None, None, "")
    assert hanna.user_id.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())


async def test_owner_can_always_unlink_and_nobody_else_without_the_right(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.person(ANA, ORGANISER), hanna)).link
    with pytest.raises(UserMistake, match="organiser"):
        await vestibule.unlinking.unlink(vestibule.person(BEN, VERIFIED), GUILD, link.link_id)
    no_longer_organiser = vestibule.person(ANA)
    assert (await vestibule.unlinking.unlink(no_longer_organiser, GUILD, link.link_id)).confirmed_by_zoom


async def test_it_is_said_when_zoom_does_not_confirm(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    vestibule.consents.fail["revoke"] = Transient("Zoom is down.")
    done = await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)
    assert not done.confirmed_by_zoom
    async with vestibule.store.read() as uow:
        held = await uow.grants.held(link.link_id)
    assert held is not None
    assert held.refresh is None, "erased here in any case"


async def test_grant_whose_access_token_has_run_out_is_revoked_too(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    vestibule.clock.advance(days=3)
    assert (await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)).confirmed_by_zoom
    assert vestibule.consents.live_users() == set()


async def test_planned_meetings_of_that_account_give_no_links_any_more(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    vestibule.zoom.people[hanna.user_id] = hanna
    other = await vestibule.create()
    theirs = await vestibule.create(host=hanna.user_id, topic="Tenors")
    vestibule.clock.advance(minutes=15)
    ready = await vestibule.admissions.ask(GUILD, theirs.meeting_id, vestibule.ana(), asked_at=vestibule.clock.now())
    assert isinstance(ready, LinkReady)
    done = await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)
    assert [meeting.topic for meeting in done.meetings] == ["Tenors"]
    assert (await vestibule.meeting(theirs.meeting_id)).door is Door.CLOSED
    assert (await vestibule.meeting(other.meeting_id)).door is Door.OPEN
    answer = await vestibule.admissions.ask(GUILD, theirs.meeting_id, vestibule.ana(), asked_at=vestibule.clock.now())
    assert isinstance(answer, NotAdmitted)


async def test_next_account_becomes_the_default(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    chosen = await vestibule.unlinking.make_default(vestibule.organiser, GUILD, link.link_id)
    assert chosen.is_default
    done = await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)
    assert done.new_default is not None
    assert done.new_default.link_id == LINK


async def test_unlinked_account_can_be_linked_again(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)
    again = await linked(vestibule, vestibule.organiser, hanna)
    assert again.link.link_id != link.link_id
    with pytest.raises(UserMistake) as refused:
        await vestibule.unlinking.unlink(vestibule.organiser, GUILD, link.link_id)
    assert refused.value.code == "link_unknown"


@pytest.mark.parametrize("link_id", [LinkId("link-of-nobody"), LINK])
async def test_other_communities_links_and_the_operators_are_out_of_reach(
    vestibule: Vestibule, link_id: LinkId
) -> None:
    admin = vestibule.person(BEN, manages_guild=True)
    guild = GUILD if link_id == LINK else GuildId(12)
    who = vestibule.organiser if link_id == LINK else admin
    with pytest.raises(UserMistake) as refused:
        await vestibule.unlinking.unlink(who, guild, link_id)
    assert refused.value.code == ("link_is_operators" if link_id == LINK else "link_unknown")
    with pytest.raises(UserMistake):
        await vestibule.unlinking.unlink(admin, GuildId(12), LINK)
