"""`/zoom status`: what is linked, what is missing, what weakens safety and how to change it."""

from __future__ import annotations

import pytest

from bot.domain.account_safety import AccountSafety
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.ports import LinkKind, LinkState, ZoomUser
from bot.services.account_status import Removal, TokenHealth
from tests.services.conftest import GUILD, Vestibule
from tests.services.test_unlinking import linked


@pytest.fixture
async def hanna(vestibule: Vestibule) -> ZoomUser:
    user = vestibule.consents.add("hanna")
    vestibule.zoom.people[user.user_id] = user
    return user


async def test_status_tells_what_is_linked_and_what_is_missing(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.scopes -= {"meeting:update:in_meeting_controls"}
    await linked(vestibule, vestibule.organiser, hanna)
    operators, hers = await vestibule.account_status.status(vestibule.organiser, GUILD)
    assert (operators.kind, operators.is_default) == (LinkKind.SERVER_TO_SERVER, True)
    assert (hers.kind, hers.hint, hers.licensed, hers.is_default) == (LinkKind.USER, "h…@choir.example", True, False)
    assert [scope.without for scope in hers.missing_optional] == ["strangers have to be removed by the host in Zoom"]
    assert hers.missing_required == ()
    assert hers.capabilities.removal is Removal.UNTESTED
    assert (hers.health, hers.unread) == (TokenHealth.WORKING, "")
    assert {weakness.setting for weakness in hers.by_hand} == {"Renaming", "Rejoining"}


async def test_each_weak_setting_says_how_to_change_it(vestibule: Vestibule, hanna: ZoomUser) -> None:
    await linked(vestibule, vestibule.organiser, hanna)
    vestibule.zoom.safety = AccountSafety(True, True, True, True, True)
    hers = (await vestibule.account_status.status(vestibule.organiser, GUILD))[1]
    assert {weakness.setting for weakness in hers.weaknesses} == {
        "Screen sharing",
        "Chat",
        "File transfer",
        "Annotation",
        "Recording",
    }
    assert all("zoom.us" in weakness.change for weakness in (*hers.weaknesses, *hers.by_hand))
    vestibule.zoom.safety = AccountSafety(False, None, False, False, None)
    hers = (await vestibule.account_status.status(vestibule.organiser, GUILD))[1]
    assert hers.weaknesses == ()


@pytest.mark.parametrize("failure", [Transient("Zoom is down."), NeedsAttention("The app is off.", code="x")])
async def test_status_is_shown_without_zoom_and_says_so(
    vestibule: Vestibule, hanna: ZoomUser, failure: Exception
) -> None:
    await linked(vestibule, vestibule.organiser, hanna)
    vestibule.zoom.fail["safety"] = failure
    hers = (await vestibule.account_status.status(vestibule.organiser, GUILD))[1]
    assert (hers.health, hers.unread) == (TokenHealth.UNKNOWN, str(failure))


async def test_dead_grant_is_shown(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link = (await linked(vestibule, vestibule.organiser, hanna)).link
    async with vestibule.store.work() as uow:
        await uow.links.save(
            type(link)(
                link.link_id, GUILD, link.kind, "", LinkState.BROKEN, False, link.owner, hanna.user_id, link.hint
            )
        )
        await uow.commit()
    hers = (await vestibule.account_status.status(vestibule.organiser, GUILD))[1]
    assert (hers.state, hers.health) == (LinkState.BROKEN, TokenHealth.DEAD)


async def test_a_plan_that_changed_is_noticed(vestibule: Vestibule, hanna: ZoomUser) -> None:
    await linked(vestibule, vestibule.organiser, hanna)
    vestibule.zoom.people[hanna.user_id] = ZoomUser(hanna.user_id, hanna.email, hanna.name, False)
    hers = (await vestibule.account_status.status(vestibule.organiser, GUILD))[1]
    assert hers.licensed is False
    async with vestibule.store.read() as uow:
        known = {host.user_id: host for host in await uow.links.hosts(GUILD)}
    assert not known[hanna.user_id].licensed
    assert known[hanna.user_id].member_id == vestibule.organiser.member_id


async def test_members_do_not_see_the_status(vestibule: Vestibule) -> None:
    with pytest.raises(UserMistake):
        await vestibule.account_status.status(vestibule.ana(), GUILD)
