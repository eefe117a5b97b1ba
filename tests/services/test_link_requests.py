"""Linking by OAuth, and every way in which it can go wrong or be attacked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, UntrustedInput, UserMistake, VestibuleError
from bot.domain.linking import LIFE
from bot.domain.values import GuildId, LinkId, Secret
from bot.ports import AccountLink, LinkKind, LinkState, ZoomUser
from bot.services.link_requests import Consent, Linked, LinkRequests, Pending
from tests.services.conftest import BEN, GUILD, MALLORY, OLGA, ORGANISER, Vestibule

OTHER_GUILD = GuildId(12)


def ticket_of(address: Secret) -> str:
    return address.reveal().rpartition("/")[2]


async def asked(v: Vestibule) -> str:
    """Olga typed /zoom link; the ticket in her address."""
    invitation = await v.link_requests.begin(v.organiser, GUILD, guild_name="Larkspur Choir")
    return ticket_of(invitation.address)


async def back(v: Vestibule, consent: Consent, brought: Mapping[str, str], **changes: str | None) -> Pending:
    given: dict[str, str | None] = {
        "code": brought["code"],
        "state": brought["state"],
        "cookie": consent.cookie.reveal(),
        "denied": None,
    }
    return await v.link_requests.returned(**{**given, **changes})


async def consented(v: Vestibule, user: ZoomUser) -> Pending:
    """From /zoom link to the page that shows the code."""
    consent = await v.link_requests.consent(await asked(v))
    return await back(v, consent, v.consents.allow(consent.redirect, user))


async def linked(v: Vestibule, user: ZoomUser) -> Linked:
    pending = await consented(v, user)
    return await v.link_requests.confirm(v.organiser, GUILD, pending.code.reveal())


async def links(v: Vestibule, guild_id: GuildId = GUILD) -> list[AccountLink]:
    async with v.store.read() as uow:
        return [link for link in await uow.links.of_guild(guild_id) if link.kind is LinkKind.USER]


@pytest.fixture
def hanna(vestibule: Vestibule) -> ZoomUser:
    return vestibule.consents.add("hanna")


async def test_an_account_is_linked_when_the_asker_types_the_code(vestibule: Vestibule, hanna: ZoomUser) -> None:
    ticket = await asked(vestibule)
    page = await vestibule.link_requests.opened(ticket)
    assert (page.guild_name, page.asker_name) == ("Larkspur Choir", "Olga")
    consent = await vestibule.link_requests.consent(ticket)
    pending = await back(vestibule, consent, vestibule.consents.allow(consent.redirect, hanna))
    assert (pending.zoom_email_hint, pending.licensed, len(pending.code.reveal())) == ("h…@choir.example", True, 6)
    assert (pending.missing_required, pending.missing_optional) == ((), ())
    assert await links(vestibule) == [], "nothing is linked before the code is typed"
    done = await vestibule.link_requests.confirm(vestibule.organiser, GUILD, f" {pending.code.reveal().lower()} ")
    assert (done.link.owner, done.link.hint, done.host.user_id) == (OLGA, "h…@choir.example", hanna.user_id)
    assert [link.state for link in await links(vestibule)] == [LinkState.ACTIVE]
    async with vestibule.store.read() as uow:
        held = await uow.grants.held(done.link.link_id)
        assert hanna.user_id in {host.user_id for host in await uow.links.hosts(GUILD)}
    assert held is not None
    assert held.refresh is not None
    assert held.refresh.reveal() == vestibule.consents.newest[hanna.user_id]


async def test_second_account_is_neither_first_nor_default(vestibule: Vestibule, hanna: ZoomUser) -> None:
    done = await linked(vestibule, hanna)
    assert (done.first, done.link.is_default) == (False, False), "the operator's account was there before"


async def test_only_organisers_can_link(vestibule: Vestibule) -> None:
    with pytest.raises(UserMistake, match="organiser"):
        await vestibule.link_requests.begin(vestibule.ana(), GUILD, guild_name="Larkspur Choir")


async def test_without_settings_linking_says_what_the_operator_must_do(vestibule: Vestibule) -> None:
    tickets = vestibule.link_requests._tickets
    bare = LinkRequests(vestibule.store, None, tickets, vestibule.clock, vestibule.chance, "")
    with pytest.raises(NeedsAttention, match="PUBLIC_URL") as refused:
        await bare.begin(vestibule.organiser, GUILD, guild_name="Larkspur Choir")
    assert refused.value.code == "oauth_not_configured"


async def refusal(attempt: object) -> VestibuleError:
    with pytest.raises(VestibuleError) as refused:
        await attempt  # type: ignore[misc]
    assert refused.value.message.endswith((".", ")")), "it says what to do next"
    return refused.value


async def test_ticket_works_once(vestibule: Vestibule) -> None:
    ticket = await asked(vestibule)
    await vestibule.link_requests.consent(ticket)
    assert (await refusal(vestibule.link_requests.consent(ticket))).code == "ticket_used"
    assert (await refusal(vestibule.link_requests.opened(ticket))).code == "ticket_used"


async def test_newer_ticket_replaces_the_older(vestibule: Vestibule) -> None:
    older, newer = await asked(vestibule), await asked(vestibule)
    assert (await refusal(vestibule.link_requests.consent(older))).code == "ticket_used"
    await vestibule.link_requests.consent(newer)


async def test_ticket_expires_after_ten_minutes(vestibule: Vestibule) -> None:
    ticket = await asked(vestibule)
    vestibule.clock.advance(minutes=10)
    for attempt in (vestibule.link_requests.opened(ticket), vestibule.link_requests.consent(ticket)):
        assert (await refusal(attempt)).code == "ticket_expired"


@pytest.mark.parametrize("spoil", [lambda t: t[:-4] + "AAAA", lambda _: "", lambda _: "x.y.z", lambda t: t + "é"])
async def test_forged_ticket_is_refused(vestibule: Vestibule, spoil: object) -> None:
    ticket = spoil(await asked(vestibule))  # type: ignore[operator]
    refused = await refusal(vestibule.link_requests.consent(ticket))
    assert (refused.code, type(refused)) == ("ticket_invalid", UntrustedInput)


async def test_state_is_no_ticket_and_ticket_no_state(vestibule: Vestibule, hanna: ZoomUser) -> None:
    ticket = await asked(vestibule)
    consent = await vestibule.link_requests.consent(ticket)
    brought = vestibule.consents.allow(consent.redirect, hanna)
    assert (await refusal(vestibule.link_requests.consent(brought["state"]))).code == "ticket_invalid"
    assert (await refusal(back(vestibule, consent, brought, state=ticket))).code == "state_invalid"
    assert (await refusal(back(vestibule, consent, brought, state=None))).code == "state_invalid"


@pytest.mark.parametrize("cookie", [None, "", "another-browsers-cookie"])
async def test_other_browser_is_refused_and_the_right_one_still_works(
    vestibule: Vestibule, hanna: ZoomUser, cookie: str | None
) -> None:
    consent = await vestibule.link_requests.consent(await asked(vestibule))
    brought = vestibule.consents.allow(consent.redirect, hanna)
    assert (await refusal(back(vestibule, consent, brought, cookie=cookie))).code == "wrong_browser"
    assert vestibule.consents.codes, "the code was not touched"
    await back(vestibule, consent, brought)


async def test_state_works_once(vestibule: Vestibule, hanna: ZoomUser) -> None:
    consent = await vestibule.link_requests.consent(await asked(vestibule))
    brought = vestibule.consents.allow(consent.redirect, hanna)
    await back(vestibule, consent, brought)
    assert (await refusal(back(vestibule, consent, brought))).code == "state_used"


async def test_stolen_code_is_worthless_without_the_verifier(vestibule: Vestibule, hanna: ZoomUser) -> None:
    """A code of somebody else's consent, put into one's own way back (PKCE)."""
    first = await vestibule.link_requests.consent(await asked(vestibule))
    stolen = vestibule.consents.allow(first.redirect, hanna)["code"]
    own = await vestibule.link_requests.consent(await asked(vestibule))
    brought = vestibule.consents.allow(own.redirect, vestibule.consents.add("mallory"))
    assert (await refusal(back(vestibule, own, brought, code=stolen))).code == "code_refused"
    assert vestibule.consents.live_users() == set()


async def test_denied_consent_links_nothing(vestibule: Vestibule, hanna: ZoomUser) -> None:
    consent = await vestibule.link_requests.consent(await asked(vestibule))
    brought = vestibule.consents.allow(consent.redirect, hanna)
    refused = await refusal(back(vestibule, consent, brought, code=None, denied="access_denied"))
    assert refused.code == "consent_denied"
    await vestibule.run_jobs()
    async with vestibule.store.read() as uow:
        assert await uow.link_requests.due(vestibule.clock.now() + 9 * LIFE, vestibule.clock.now(), 9) == []


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (NeedsAttention("x", code="zoom_code_refused"), "code_refused"),
        (NeedsAttention("x", code="zoom_redirect_mismatch"), "zoom_redirect_mismatch"),
        (OutcomeUnknown("x"), "zoom_unreachable"),
        (Transient("x"), "zoom_unreachable"),
    ],
)
async def test_failed_exchange_is_explained_and_ends_the_request(
    vestibule: Vestibule, hanna: ZoomUser, failure: Exception, code: str
) -> None:
    vestibule.consents.fail["exchanged"] = failure
    with pytest.raises(VestibuleError) as refused:
        await consented(vestibule, hanna)
    assert refused.value.code == code
    assert (await refusal(vestibule.link_requests.confirm(vestibule.organiser, GUILD, "AAAAAA"))).code == (
        "nothing_pending"
    )


async def test_missing_scope_to_identify_is_refused_and_given_back(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.fail["identify"] = NeedsAttention("x", code="zoom_scope_missing")
    with pytest.raises(NeedsAttention, match="user:read:user") as refused:
        await consented(vestibule, hanna)
    assert refused.value.code == "scope_missing"
    assert vestibule.consents.revoked == [hanna.user_id]


async def test_other_missing_scopes_are_named_with_what_they_cost(vestibule: Vestibule, hanna: ZoomUser) -> None:
    vestibule.consents.scopes -= {"meeting:write:registrant", "meeting:read:participant"}
    pending = await consented(vestibule, hanna)
    assert [scope.without for scope in pending.missing_required] == ["no personal links"]
    assert [scope.name for scope in pending.missing_optional] == ["meeting:read:participant"]


async def test_forwarded_ticket_gives_the_asker_nothing(vestibule: Vestibule, hanna: ZoomUser) -> None:
    """Olga sends her address to Hanna, who consents. Only Hanna sees the code; without it the access is revoked and erased."""
    pending = await consented(vestibule, hanna)
    refused = await refusal(vestibule.link_requests.confirm(vestibule.organiser, GUILD, "GUESSS"))
    assert refused.code == "code_wrong"
    assert vestibule.consents.live_users() == {hanna.user_id}
    vestibule.clock.advance(minutes=10)
    await vestibule.run_jobs()
    assert vestibule.consents.revoked == [hanna.user_id]
    refused = await refusal(vestibule.link_requests.confirm(vestibule.organiser, GUILD, pending.code.reveal()))
    assert refused.code == "nothing_pending"
    assert await links(vestibule) == []
    assert (await vestibule.actions())[-1] == "link.request_ended"


async def test_code_can_be_guessed_five_times_and_never_again(vestibule: Vestibule, hanna: ZoomUser) -> None:
    pending = await consented(vestibule, hanna)
    for left in ("4 tries", "3 tries", "2 tries", "1 try"):
        refused = await refusal(vestibule.link_requests.confirm(vestibule.organiser, GUILD, "WRONG2"))
        assert (refused.code, left in refused.message) == ("code_wrong", True)
    assert (await refusal(vestibule.link_requests.confirm(vestibule.organiser, GUILD, "WRONG2"))).code == "code_used_up"
    refused = await refusal(vestibule.link_requests.confirm(vestibule.organiser, GUILD, pending.code.reveal()))
    assert refused.code == "nothing_pending"
    await vestibule.run_jobs()
    assert vestibule.consents.revoked == [hanna.user_id], "at once, not after ten minutes"


async def test_nobody_but_the_asker_can_type_the_code(vestibule: Vestibule, hanna: ZoomUser) -> None:
    pending = await consented(vestibule, hanna)
    other = vestibule.person(BEN, ORGANISER)
    assert (await refusal(vestibule.link_requests.confirm(other, GUILD, pending.code.reveal()))).code == (
        "nothing_pending"
    )
    await vestibule.link_requests.confirm(vestibule.organiser, GUILD, pending.code.reveal())


async def test_code_is_worth_nothing_in_another_community(vestibule: Vestibule, hanna: ZoomUser) -> None:
    pending = await consented(vestibule, hanna)
    same_person = vestibule.person(OLGA, manages_guild=True)
    for who in (same_person, vestibule.person(MALLORY, manages_guild=True)):
        refused = await refusal(vestibule.link_requests.confirm(who, OTHER_GUILD, pending.code.reveal()))
        assert refused.code == "nothing_pending"
    assert await links(vestibule, OTHER_GUILD) == []


async def test_asker_who_lost_the_right_cannot_confirm(vestibule: Vestibule, hanna: ZoomUser) -> None:
    pending = await consented(vestibule, hanna)
    with pytest.raises(UserMistake, match="organiser"):
        await vestibule.link_requests.confirm(vestibule.person(OLGA), GUILD, pending.code.reveal())


async def test_account_of_another_community_is_refused_and_goes_on_working_there(
    vestibule: Vestibule, hanna: ZoomUser
) -> None:
    """Zoom ends the old grant when its user consents again, so the other community's link takes the new one over."""
    done = await linked(vestibule, hanna)
    admin = vestibule.person(MALLORY, manages_guild=True)
    invitation = await vestibule.link_requests.begin(admin, OTHER_GUILD, guild_name="Elsewhere")
    consent = await vestibule.link_requests.consent(ticket_of(invitation.address))
    refused = await refusal(back(vestibule, consent, vestibule.consents.allow(consent.redirect, hanna)))
    assert refused.code == "account_taken"
    await vestibule.run_jobs()
    assert vestibule.consents.revoked == []
    async with vestibule.store.read() as uow:
        held = await uow.grants.held(done.link.link_id)
    assert held is not None
    assert held.refresh is not None
    assert held.refresh.reveal() == vestibule.consents.newest[hanna.user_id]


async def test_unconfirmed_relink_does_not_break_a_working_link(vestibule: Vestibule, hanna: ZoomUser) -> None:
    done = await linked(vestibule, hanna)
    await consented(vestibule, hanna)
    vestibule.clock.advance(minutes=11)
    await vestibule.run_jobs()
    assert vestibule.consents.revoked == []
    async with vestibule.store.read() as uow:
        held = await uow.grants.held(done.link.link_id)
    assert held is not None
    assert held.refresh is not None
    assert held.refresh.reveal() == vestibule.consents.newest[hanna.user_id]


async def test_older_unconfirmed_request_cannot_take_down_a_newer_link(vestibule: Vestibule, hanna: ZoomUser) -> None:
    """Mallory gets Hanna to consent for his community; she closes the page and links her own. His ten minutes end: hers goes on."""
    admin = vestibule.person(MALLORY, manages_guild=True)
    invitation = await vestibule.link_requests.begin(admin, OTHER_GUILD, guild_name="Elsewhere")
    consent = await vestibule.link_requests.consent(ticket_of(invitation.address))
    await back(vestibule, consent, vestibule.consents.allow(consent.redirect, hanna))
    await linked(vestibule, hanna)
    vestibule.clock.advance(minutes=11)
    await vestibule.run_jobs()
    assert vestibule.consents.live_users() == {hanna.user_id}
    assert vestibule.consents.revoked == []


async def broken(v: Vestibule, user: ZoomUser) -> LinkId:
    """Hanna's account was linked by Olga, and its grant died."""
    link = (await linked(v, user)).link
    v.consents.remove_app(user)
    async with v.store.work() as uow:
        current = await uow.links.get(link.link_id)
        assert current is not None
        dead = AccountLink(**{name: getattr(current, name) for name in current.__slots__} | {"state": LinkState.BROKEN})
        await uow.links.save(dead)
        await uow.commit()
    return link.link_id


async def test_broken_link_is_mended_by_its_own_account(vestibule: Vestibule, hanna: ZoomUser) -> None:
    link_id = await broken(vestibule, hanna)
    again = await linked(vestibule, hanna)
    assert (again.link.link_id, again.link.state) == (link_id, LinkState.ACTIVE)
    assert len(await links(vestibule)) == 1


async def test_broken_link_is_not_mended_by_another_account(vestibule: Vestibule, hanna: ZoomUser) -> None:
    await broken(vestibule, hanna)
    other = vestibule.consents.add("zoe")
    refused = await refusal(consented(vestibule, other))
    assert refused.code == "other_account"
    assert "h…@choir.example" in refused.message
    assert "/zoom unlink" in refused.message
    assert vestibule.consents.revoked == [other.user_id]


async def test_unreachable_zoom_keeps_what_is_to_be_revoked_until_it_is(vestibule: Vestibule, hanna: ZoomUser) -> None:
    await consented(vestibule, hanna)
    vestibule.consents.fail["revoke"] = Transient("Zoom is down.")
    vestibule.clock.advance(minutes=10)
    await vestibule.run_jobs()
    assert vestibule.consents.revoked == []
    del vestibule.consents.fail["revoke"]
    vestibule.clock.advance(minutes=2)
    await vestibule.run_jobs()
    assert vestibule.consents.revoked == [hanna.user_id]


async def test_no_secret_of_linking_leaks(
    vestibule: Vestibule, hanna: ZoomUser, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    invitation = await vestibule.link_requests.begin(vestibule.organiser, GUILD, guild_name="Larkspur Choir")
    consent = await vestibule.link_requests.consent(ticket_of(invitation.address))
    brought = vestibule.consents.allow(consent.redirect, hanna)
    pending = await back(vestibule, consent, brought)
    secrets = {*vestibule.consents.secrets, ticket_of(invitation.address), consent.cookie.reveal(), hanna.email}
    shown = f"{invitation!r} {consent!r} {pending!r}"
    vestibule.clock.advance(minutes=10)
    await vestibule.link_upkeep.sweep()
    jobs = await vestibule.store.jobs.app.job_manager.list_jobs_async()
    async with vestibule.store.read() as uow:
        audit = repr(await uow.audit.entries(GUILD))
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())  # type: ignore[attr-defined]
    assert b"Larkspur Choir" in stored, "the search looks in the right place"
    printed = "".join(capsys.readouterr())
    args = repr([job.task_kwargs for job in jobs])
    for secret in secrets:
        for place in (shown, args, audit, printed):
            assert secret not in place
        assert secret.encode() not in stored
    assert pending.code.reveal() not in f"{shown}{args}{audit}{printed}"
    assert pending.code.reveal().encode() not in stored
