"""Linking by OAuth with the real clients against the stand-in: from the invitation to a meeting on the linked account, and to its end."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import migrate
from bot.building import House, built
from bot.domain.community import MemberFacts
from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.grants import SCOPES
from bot.domain.values import GuildId, MemberId, Passcode, ZoomUserId
from bot.logs import configure_logs
from bot.ports import LinkState, MeetingRequest
from bot.services.link_requests import Consent, Linked, Pending
from bot.settings import RehearsalSettings
from tests.adapters.zoom_world import SAFE
from tests.databases import everything_in
from tests.e2e.town import HOST, START, Town, town

PUBLIC_URL = "https://vestibule.example"
OLGA = MemberFacts(MemberId(41), "Olga", frozenset(), START - timedelta(days=400), manages_guild=True)
GUILD = GuildId(11)

pytestmark = pytest.mark.parametrize("database_setting", ["sqlite", "postgresql"], indirect=True)


def by_oauth(place: Town) -> RehearsalSettings:
    scopes = [scope.user for scope in SCOPES if scope.user]
    account = next(iter(place.zoom.state.accounts.values()))
    place.zoom.add_app(
        account,
        "oauth-client",
        "oauth-secret",
        kind="user_managed",
        scopes=scopes,
        redirect_uris=[f"{PUBLIC_URL}/link/zoom"],
    )
    return place.with_settings(
        zoom_client_id="oauth-client",
        zoom_client_secret="oauth-secret",
        zoom_account_id=None,
        zoom_hosts=(),
        discord_guild_id=None,
        public_url=PUBLIC_URL,
    )


async def consented(place: Town, house: House, who: MemberFacts = OLGA) -> tuple[Pending, Consent]:
    invitation = await house.link_requests.begin(who, GUILD, guild_name="Larkspur Choir")
    address = invitation.address.reveal()
    assert address.startswith(f"{PUBLIC_URL}/link/")
    consent = await house.link_requests.consent(address.rpartition("/")[2])
    back = place.zoom.consent(consent.redirect.reveal(), HOST)
    query = dict(part.split("=", 1) for part in back.partition("?")[2].split("&"))
    pending = await house.link_requests.returned(
        code=query["code"], state=query["state"], cookie=consent.cookie.reveal(), denied=None
    )
    return pending, consent


async def linked(place: Town, house: House) -> Linked:
    pending, _ = await consented(place, house)
    return await house.link_requests.confirm(OLGA, GUILD, pending.code.reveal())


def meeting_on(host: ZoomUserId) -> MeetingRequest:
    starts_at = START + timedelta(days=1)
    return MeetingRequest(host, "Tenors", "vestibule:01", starts_at, timedelta(hours=1), Passcode("Ab3@efGh7_"), SAFE)


async def test_linked_account_holds_meetings_and_its_token_is_renewed(
    tmp_path: Path, database_setting: str | None
) -> None:
    async with town(tmp_path, database_url=database_setting) as place:
        settings = by_oauth(place)
        await migrate(settings)
        async with built(settings, place.outside) as house:
            done = await linked(place, house)
            assert (done.first, done.link.is_default, done.host.licensed) == (True, True, True)
            place.clock.advance(timedelta(hours=3))
            created = await house.zoom.create_meeting(done.link.link_id, meeting_on(done.host.user_id))
            reading = await house.zoom.read_meeting(done.link.link_id, created.zoom_id, done.host.user_id)
            registered = await house.zoom.add_registrant(
                done.link.link_id, created.zoom_id, "m1@guests.choir.example", "Ana·K7F"
            )
            safety = await house.zoom.account_safety(done.link.link_id, done.host.user_id)
        assert reading.settings.registration is True
        assert registered.link is not None
        assert (safety.participants_share, safety.file_transfer, safety.annotation) == (True, True, True)
        asked = [seen.status for seen in place.zoom.requests if seen.path == "/oauth/token"]
        assert asked == [200, 200], "the code, and one refresh"


async def test_unconfirmed_grant_is_revoked_at_zoom_when_its_time_is_over(
    tmp_path: Path, database_setting: str | None
) -> None:
    async with town(tmp_path, database_url=database_setting) as place:
        settings = by_oauth(place)
        await migrate(settings)
        async with built(settings, place.outside) as house:
            await consented(place, house)
            place.clock.advance(timedelta(minutes=10))
            assert await house.link_upkeep.sweep() == 1
            (job,) = await house.store.jobs.app.job_manager.list_jobs_async()
            await house.link_requests.expire(job.task_kwargs["subject"])  # type: ignore[arg-type]
            with pytest.raises(UserMistake):
                await house.link_requests.confirm(OLGA, GUILD, "ABCDEF")
        assert [seen.status for seen in place.zoom.requests if seen.path == "/oauth/revoke"] == [200]


async def test_app_taken_away_at_zoom_breaks_the_link_once(tmp_path: Path, database_setting: str | None) -> None:
    async with town(tmp_path, database_url=database_setting) as place:
        settings = by_oauth(place)
        await migrate(settings)
        async with built(settings, place.outside) as house:
            done = await linked(place, house)
            place.zoom.oauth.remove_app("oauth-client")
            for _ in range(3):
                with pytest.raises(NeedsAttention) as refused:
                    await house.zoom.user(done.link.link_id, done.host.user_id)
                assert refused.value.code in ("zoom_token_rejected", "zoom_grant_dead")
            async with house.store.read() as uow:
                link = await uow.links.get(done.link.link_id)
            assert link is not None
            assert link.state is LinkState.BROKEN
        asked = [seen.applied for seen in place.zoom.requests if seen.path == "/oauth/token"]
        assert asked == [200, 400], "the code, and one refresh that was refused"


async def test_no_secret_of_linking_reaches_log_or_disk(tmp_path: Path, database_setting: str | None) -> None:
    written = io.StringIO()
    configure_logs(level="debug", form="json", stream=written)
    async with town(tmp_path, database_url=database_setting) as place:
        settings = by_oauth(place)
        await migrate(settings)
        async with built(settings, place.outside) as house:
            pending, consent = await consented(place, house)
            with pytest.raises(UserMistake) as wrong:
                await house.link_requests.confirm(OLGA, GUILD, "WRONG2")
            assert pending.code.reveal() not in repr(wrong.value)
            await house.link_requests.confirm(OLGA, GUILD, pending.code.reveal())
        printed = written.getvalue()
        assert "zoom.token" in printed, "the search looks in the right place"
        stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        if database_setting is not None:
            stored += everything_in(database_setting).encode()
        assert b"Larkspur Choir" in stored or b"link.linked" in stored
        for secret in (*place.zoom.secrets(), consent.cookie.reveal(), pending.code.reveal()):
            assert secret not in printed
            assert secret.encode() not in stored
