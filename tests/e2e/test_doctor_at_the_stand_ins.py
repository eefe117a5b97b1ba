"""`vestibule doctor` with its real probes, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import migrate
from bot.doctor import anything_broken, as_text
from bot.domain.grants import SCOPES
from bot.examination import examine
from bot.services.checkup import Finding, Level
from tests.e2e.town import HOST, town


def broken(findings: list[Finding]) -> set[str]:
    return {finding.title for finding in findings if finding.level is Level.BROKEN}


async def test_everything_in_order(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        await migrate(place.settings)
        findings = await examine(place.settings, place.outside)
        text = as_text(findings)
    assert not anything_broken(findings), text
    assert "https://discord.com/oauth2/authorize?client_id=" in text
    for secret in place.settings.secrets:
        assert secret not in text


async def test_doctor_makes_no_database(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        await examine(place.settings, place.outside)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"discord_token": "wrong.token.here"}, "Discord token"),
        ({"zoom_client_secret": "wrong"}, "Zoom credentials"),
        ({"zoom_account_id": "unknown-account"}, "Zoom credentials"),
        ({"zoom_hosts": (HOST, "nobody@choir.example")}, "Zoom host n…@choir.example"),
        ({"discord_guild_id": 123456789012345678}, "Discord servers"),
    ],
)
async def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, object], title: str) -> None:
    async with town(tmp_path) as place:
        findings = await examine(place.with_settings(**change), place.outside)
    assert any(name.startswith(title) for name in broken(findings)), as_text(findings)


async def test_missing_scope_is_named_with_what_it_costs(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        needed = next(scope.admin for scope in SCOPES if "registrant" in scope.admin)
        account = place.settings.zoom_account_id
        assert account is not None
        place.zoom.add_app(
            place.zoom.state.accounts[account],
            "narrow",
            "narrow-secret",
            scopes=[scope.admin for scope in SCOPES if scope.admin != needed],
        )
        changed = place.with_settings(zoom_client_id="narrow", zoom_client_secret="narrow-secret")
        findings = await examine(changed, place.outside)
    assert any(needed in finding.text for finding in findings), as_text(findings)
