"""`doctor` itself: the disk, what only a person can check, and how it is printed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.doctor import (
    FORGETFUL,
    REMOTE,
    Disk,
    anything_broken,
    as_text,
    disk_findings,
    examine,
    read_disk,
    settings_findings,
)
from bot.services.checkup import Finding, Level, TablesState
from bot.settings import Settings, SettingsProblem, load_settings
from tests.services.test_checkup import Database, Discord, Zoom, host

REQUIRED = {
    "DISCORD_TOKEN": "t",
    "ZOOM_CLIENT_ID": "c",
    "ZOOM_CLIENT_SECRET": "s",
    "SECRET_KEYS": Fernet.generate_key().decode(),
}
LINKED = {"ZOOM_ACCOUNT_ID": "a", "DISCORD_GUILD_ID": "123456789012345678", "ZOOM_HOSTS": "ana@example.org"}
FINE = Disk(Path("/srv/data"), writable=True, free_bytes=10**12, file_system="ext4")


def made(**environ: str) -> Settings:
    return load_settings(REQUIRED | environ)


POSTGRES = {"DATABASE_URL": "postgresql://u:p@h/db"}


@pytest.mark.parametrize(
    ("disk", "environ", "level", "word"),
    [
        (FINE, {}, Level.OK, "lasts"),
        (replace(FINE, writable=False), {}, Level.BROKEN, "cannot be written"),
        (replace(FINE, file_system="overlay"), {}, Level.WARNING, "overlay"),
        (replace(FINE, file_system="tmpfs"), POSTGRES, Level.WARNING, "tmpfs"),
        (replace(FINE, on_heroku=True), {}, Level.BROKEN, "Heroku"),
        (replace(FINE, on_heroku=True), POSTGRES, Level.WARNING, "Heroku"),
        (replace(FINE, file_system="nfs4"), {}, Level.BROKEN, "network disk"),
        (replace(FINE, file_system="nfs4"), POSTGRES, Level.OK, "lasts"),
        (replace(FINE, free_bytes=5 * 1024**2), {}, Level.WARNING, "only 5 MB"),
    ],
)
def test_the_disk_is_judged_by_whether_it_lasts(disk: Disk, environ: dict[str, str], level: Level, word: str) -> None:
    (finding,) = disk_findings(disk, made(**environ))
    assert finding.level is level
    assert word in finding.text


def test_the_disk_is_read_from_the_folder_or_the_nearest_above_it(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not" / "there" / "yet"):
        disk = read_disk(made(DATA_DIR=str(folder)))
        assert (disk.folder, disk.writable, disk.on_heroku) == (folder, True, False)
        assert disk.free_bytes > 0
    assert read_disk(made(DATA_DIR=str(tmp_path), DYNO="web.1")).on_heroku
    (tmp_path / "file").touch()
    assert not read_disk(made(DATA_DIR=str(tmp_path / "file"))).writable


@pytest.mark.skipif(not os.path.ismount("/proc"), reason="no /proc on this system")
def test_the_kind_of_disk_is_that_of_the_innermost_mount() -> None:
    assert read_disk(made(DATA_DIR="/proc/self")).file_system == "proc"
    assert "proc" not in FORGETFUL | REMOTE


async def test_a_sound_set_up_is_reported_whole_and_not_broken(tmp_path: Path) -> None:
    zoom = Zoom(users=host())
    settings = made(**LINKED, DATA_DIR=str(tmp_path), REGISTRANT_DOMAIN="links.vestibule-community.org")
    findings = await examine(
        settings, database=Database(TablesState.CURRENT), zoom_issuer=zoom, zoom_probe=zoom.probe, discord=Discord()
    )
    titles = [finding.title for finding in findings]
    assert titles[0] == "Settings"
    assert {"Data folder", "Database", "Zoom credentials", "Zoom scopes", "Discord token", "Invite address"} <= set(
        titles
    )
    assert not anything_broken(findings)
    by_hand = [finding for finding in findings if finding.level is Level.BY_HAND]
    assert [finding.fix.split("  ")[0] for finding in by_hand] == ["dig +short MX links.vestibule-community.org"]


async def test_without_a_zoom_account_zoom_is_not_asked_and_what_is_lost_is_said(tmp_path: Path) -> None:
    zoom = Zoom()
    findings = await examine(
        made(DATA_DIR=str(tmp_path)),
        database=Database(TablesState.EMPTY),
        zoom_issuer=zoom,
        zoom_probe=zoom.probe,
        discord=Discord(),
    )
    assert not any(finding.title.startswith("Zoom") for finding in findings)
    assert any("ZOOM_ACCOUNT_ID" in finding.text for finding in findings)
    assert not any(finding.level is Level.BY_HAND for finding in findings)


async def test_linking_by_oauth_shows_the_redirect_address_to_enter(tmp_path: Path) -> None:
    zoom = Zoom()
    findings = await examine(
        made(DATA_DIR=str(tmp_path), PUBLIC_URL="https://vestibule.example.org/"),
        database=Database(TablesState.EMPTY),
        zoom_issuer=zoom,
        zoom_probe=zoom.probe,
        discord=Discord(),
    )
    by_hand = [finding.text for finding in findings if finding.level is Level.BY_HAND]
    assert any(text.endswith("exactly https://vestibule.example.org/link/zoom") for text in by_hand)


def test_missing_settings_are_findings_of_their_own() -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings({})
    findings = settings_findings(caught.value)
    assert anything_broken(findings)
    assert len(findings) == len(caught.value.problems) + 1


def test_the_report_is_aligned_and_sums_up() -> None:
    findings = [
        Finding(Level.OK, "Database", "reached."),
        Finding(Level.BROKEN, "Discord token", "word " * 40, "Reset it."),
        Finding(Level.WARNING, "Settings", "No PUBLIC_URL."),
        Finding(Level.BY_HAND, "Domain", "look."),
        Finding(Level.OK, "Invite address", "https://discord.com/oauth2/authorize?" + "x" * 150),
    ]
    lines = as_text(findings).splitlines()
    assert lines[0] == "      ok  Database: reached."
    assert lines[-1] == "1 broken: put that right first. 1 warning."
    assert any(line == "          -> Reset it." for line in lines)
    assert all(len(line) <= 112 for line in lines if "https://" not in line)
    assert sum("x" * 150 in line for line in lines) == 1
    assert as_text(findings[:1]).endswith("Nothing is broken.")
