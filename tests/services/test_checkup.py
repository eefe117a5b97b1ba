"""The check-up: each thing that can be wrong gives a finding with what to do, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.domain.errors import NeedsAttention, Transient, UserMistake, VestibuleError
from bot.domain.grants import PERMISSIONS, SCOPES, permission_bits
from bot.domain.readback import RoomSettings
from bot.domain.values import GuildId, Token, ZoomUserId
from bot.ports import IssuedToken, ZoomUser
from bot.services.checkup import (
    ApplicationFacts,
    Finding,
    GuildStanding,
    Level,
    TablesState,
    check_database,
    check_discord,
    check_zoom,
)

ALL_SCOPES = frozenset(scope.admin for scope in SCOPES)
SAFE = RoomSettings(participants_can_share=False, waiting_room_for_everyone=True)
GUILD = GuildId(123456789012345678)


def levels(findings: list[Finding]) -> set[Level]:
    return {finding.level for finding in findings}


def only(findings: list[Finding], level: Level) -> Finding:
    (found,) = (finding for finding in findings if finding.level is level)
    return found


@dataclass
class Database:
    answer: TablesState | VestibuleError

    async def state(self) -> TablesState:
        if isinstance(self.answer, VestibuleError):
            raise self.answer
        return self.answer


@dataclass
class Zoom:
    """An account with users, as issuer and probe in one."""

    scopes: frozenset[str] = ALL_SCOPES
    refuses: VestibuleError | None = None
    users: dict[str, ZoomUser] = field(default_factory=dict)
    settings: RoomSettings = SAFE

    async def account_token(self, account_id: str) -> IssuedToken:
        if self.refuses is not None:
            raise self.refuses
        return IssuedToken(Token(account_id), datetime(2026, 1, 1, tzinfo=UTC), self.scopes)

    def probe(self, token: IssuedToken) -> Zoom:
        assert token.scopes == self.scopes
        return self

    async def user(self, key: str) -> ZoomUser:
        if key not in self.users:
            raise UserMistake("The Zoom account has no such user.")
        return self.users[key]

    async def host_settings(self, user_id: ZoomUserId) -> RoomSettings:
        return self.settings


@dataclass
class Discord:
    refuses: VestibuleError | None = None
    guilds_refuse: VestibuleError | None = None
    facts: ApplicationFacts = ApplicationFacts(42, "Vestibule")  # noqa: RUF009 (frozen)
    standings: list[GuildStanding] = field(default_factory=lambda: [GuildStanding(GUILD, "Ours", permission_bits())])

    async def application(self) -> ApplicationFacts:
        if self.refuses is not None:
            raise self.refuses
        return self.facts

    async def guild(self, guild_id: GuildId) -> GuildStanding | None:
        return next((standing for standing in await self.guilds() if standing.guild_id == guild_id), None)

    async def guilds(self) -> list[GuildStanding]:
        if self.guilds_refuse is not None:
            raise self.guilds_refuse
        return self.standings


def host(licensed: bool = True) -> dict[str, ZoomUser]:
    return {"ana@example.org": ZoomUser(ZoomUserId("u1"), "ana@example.org", "Ana", licensed)}


# ------------------------------------------------------------------------------------------------ database


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (TablesState.CURRENT, Level.OK),
        (TablesState.EMPTY, Level.WARNING),
        (TablesState.BEHIND, Level.BROKEN),
        (TablesState.NEWER, Level.BROKEN),
        (NeedsAttention("The folder cannot be written."), Level.BROKEN),
        (Transient("The database does not answer."), Level.WARNING),
    ],
)
async def test_the_database_is_judged_by_its_tables(state: TablesState | VestibuleError, level: Level) -> None:
    (finding,) = await check_database(Database(state))
    assert finding.level is level
    assert (finding.fix == "") is (level is Level.OK)


# ------------------------------------------------------------------------------------------------ Zoom


async def test_a_sound_zoom_account_has_nothing_to_fix() -> None:
    zoom = Zoom(users=host())
    findings = await check_zoom("account", ["ana@example.org"], zoom, zoom.probe)
    assert levels(findings) == {Level.OK}
    assert [finding.title for finding in findings] == ["Zoom credentials", "Zoom scopes", "Zoom host a…@example.org"]


async def test_refused_credentials_end_the_zoom_checks_with_where_to_look() -> None:
    zoom = Zoom(refuses=NeedsAttention("Zoom refuses the app's secret."))
    (finding,) = await check_zoom("account", ["ana@example.org"], zoom, zoom.probe)
    assert (finding.level, finding.text) == (Level.BROKEN, "Zoom refuses the app's secret.")
    assert "ZOOM_CLIENT_SECRET" in finding.fix


async def test_a_zoom_that_does_not_answer_is_not_called_broken() -> None:
    zoom = Zoom(refuses=Transient("Zoom cannot be reached."))
    (finding,) = await check_zoom("account", [], zoom, zoom.probe)
    assert finding.level is Level.WARNING


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.name)
async def test_each_missing_scope_is_named_with_what_is_lost(scope: object) -> None:
    (missing,) = [known for known in SCOPES if known is scope]
    zoom = Zoom(scopes=ALL_SCOPES - {missing.admin})
    findings = await check_zoom("account", [], zoom, zoom.probe)
    finding = only(findings, Level.BROKEN if missing.required else Level.WARNING)
    assert missing.admin in finding.text
    assert missing.without in finding.text
    assert "activate" in finding.fix


async def test_hosts_are_looked_up_one_by_one() -> None:
    zoom = Zoom(users=host())
    findings = await check_zoom(
        "account", ["ben@example.org", "ana@example.org", "KdYKjnimT4KPd8FFgQt9FQ"], zoom, zoom.probe
    )
    judged = {finding.title: finding.level for finding in findings if finding.title.startswith("Zoom host")}
    assert judged == {
        "Zoom host b…@example.org": Level.BROKEN,
        "Zoom host a…@example.org": Level.OK,
        "Zoom host KdYK…": Level.BROKEN,
    }


@pytest.mark.parametrize(
    ("licensed", "settings", "word"),
    [
        (False, SAFE, "Basic"),
        (True, RoomSettings(participants_can_share=True, waiting_room_for_everyone=True), "share a screen"),
        (True, RoomSettings(participants_can_share=False, waiting_room_for_everyone=False), "waiting room"),
    ],
)
async def test_what_weakens_a_host_is_a_warning(licensed: bool, settings: RoomSettings, word: str) -> None:
    zoom = Zoom(users=host(licensed), settings=settings)
    findings = await check_zoom("account", ["ana@example.org"], zoom, zoom.probe)
    assert word in only(findings, Level.WARNING).text


async def test_what_zoom_does_not_say_is_no_warning() -> None:
    zoom = Zoom(users=host(), settings=RoomSettings())
    assert levels(await check_zoom("account", ["ana@example.org"], zoom, zoom.probe)) == {Level.OK}


# ------------------------------------------------------------------------------------------------ Discord


async def test_a_sound_bot_has_nothing_to_fix_and_shows_its_invite_address() -> None:
    findings = await check_discord(GUILD, Discord())
    assert levels(findings) == {Level.OK}
    assert findings[-1].title == "Invite address"
    assert "client_id=42" in findings[-1].text


async def test_a_refused_token_ends_the_discord_checks() -> None:
    (finding,) = await check_discord(GUILD, Discord(refuses=NeedsAttention("Discord does not accept the bot's token.")))
    assert finding.level is Level.BROKEN
    assert "DISCORD_TOKEN" in finding.fix


@pytest.mark.parametrize(
    "facts",
    [ApplicationFacts(42, "V", needs_code_grant=True), ApplicationFacts(42, "V", has_interactions_endpoint=True)],
)
async def test_application_settings_that_stop_the_bot_are_broken(facts: ApplicationFacts) -> None:
    finding = only(await check_discord(GUILD, Discord(facts=facts)), Level.BROKEN)
    assert "https://discord.com/developers/applications/42/" in finding.fix


async def test_a_bot_outside_its_server_is_broken_and_the_address_says_how_to_get_in() -> None:
    finding = only(await check_discord(GUILD, Discord(standings=[])), Level.BROKEN)
    assert "client_id=42" in finding.fix


async def test_without_a_chosen_server_all_are_looked_at_and_none_is_a_warning() -> None:
    assert only(await check_discord(None, Discord(standings=[])), Level.WARNING).title == "Discord servers"
    two = [GuildStanding(GUILD, "Ours", permission_bits()), GuildStanding(GuildId(GUILD + 1), "Other", 0)]
    broken = {
        finding.title for finding in await check_discord(None, Discord(standings=two)) if finding.level is Level.BROKEN
    }
    assert broken == {"Permissions in Other"}


@pytest.mark.parametrize("permission", [p for p in PERMISSIONS if p.invited], ids=lambda permission: permission.name)
async def test_each_missing_permission_is_named_with_what_is_lost(permission: object) -> None:
    (missing,) = [known for known in PERMISSIONS if known is permission]
    standing = GuildStanding(GUILD, "Ours", permission_bits() & ~missing.bit)
    findings = await check_discord(GUILD, Discord(standings=[standing]))
    finding = only(findings, Level.BROKEN if missing.required else Level.WARNING)
    assert missing.name in finding.text
    assert missing.without in finding.text


async def test_servers_that_cannot_be_asked_leave_the_rest_of_the_report_whole() -> None:
    findings = await check_discord(GUILD, Discord(guilds_refuse=Transient("Discord is busy.")))
    assert only(findings, Level.WARNING).title == "Discord servers"
    assert findings[-1].title == "Invite address"
