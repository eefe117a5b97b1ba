"""`vestibule doctor`: settings and disk checked here, the rest by `services/checkup`, and all of it printed for a person."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from bot.domain.linking import RETURN_PATH
from bot.domain.values import GuildId
from bot.ports import IssuedToken, TokenIssuer
from bot.services.checkup import (
    DatabaseProbe,
    DiscordProbe,
    Finding,
    Level,
    ZoomProbe,
    check_database,
    check_discord,
    check_zoom,
)
from bot.settings import Settings, SettingsProblem, lost_features

FORGETFUL = frozenset({"tmpfs", "ramfs", "overlay", "aufs", "rootfs"})
"""File systems that are gone after a restart of the machine or container."""
REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "virtiofs", "afs"})
"""File systems over a network, on which SQLite's locks cannot be trusted (https://www.sqlite.org/wal.html)."""
LITTLE_SPACE = 200 * 1024 * 1024
"""Bytes."""
_WIDTH = 100
_MARKS = {Level.OK: "ok", Level.WARNING: "warning", Level.BROKEN: "BROKEN", Level.BY_HAND: "by hand"}


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk a folder is on. `file_system` is empty where the system does not tell."""

    folder: Path
    writable: bool
    free_bytes: int
    file_system: str
    on_heroku: bool = False


async def examine(
    settings: Settings,
    *,
    database: DatabaseProbe,
    zoom_issuer: TokenIssuer,
    zoom_probe: Callable[[IssuedToken], ZoomProbe],
    discord: DiscordProbe,
) -> list[Finding]:
    """Every check, in the order in which a person would put things right."""
    findings = [
        Finding(Level.OK, "Settings", "complete."),
        *_lost(settings),
        *disk_findings(read_disk(settings), settings),
    ]
    findings += await check_database(database)
    if settings.zoom_account_id is not None:
        findings += await check_zoom(settings.zoom_account_id, settings.zoom_hosts, zoom_issuer, zoom_probe)
    guild_id = None if settings.discord_guild_id is None else GuildId(settings.discord_guild_id)
    findings += await check_discord(guild_id, discord)
    return [*findings, *_by_hand(settings)]


def settings_findings(problem: SettingsProblem) -> list[Finding]:
    """What is wrong with the settings; with them incomplete, nothing else can be checked."""
    rest = Finding(Level.WARNING, "Everything else", "is checked once the settings are complete.", "See .env.example.")
    return [*(Finding(Level.BROKEN, "Settings", text) for text in problem.problems), rest]


def _lost(settings: Settings) -> list[Finding]:
    return [Finding(Level.WARNING, "Settings", text) for text in lost_features(settings)]


def _by_hand(settings: Settings) -> list[Finding]:
    return [*_redirect_by_hand(settings), *_domain_by_hand(settings)]


def _redirect_by_hand(settings: Settings) -> list[Finding]:
    if not settings.links_by_oauth:
        return []
    return [
        Finding(
            Level.BY_HAND,
            "Zoom redirect address",
            f"look whether the Zoom app is user-managed and its OAuth redirect URL is exactly {settings.public_url}{RETURN_PATH}",
            "marketplace.zoom.us > Manage > your app > Basic Information (docs/zoom-setup.md)",
        )
    ]


def _domain_by_hand(settings: Settings) -> list[Finding]:
    if settings.registrant_domain is None:
        return []
    return [
        Finding(
            Level.BY_HAND,
            "Domain takes no mail",
            f'look whether the only MX record of {settings.registrant_domain} is "0 ." (a null MX), so that mail to it goes nowhere.',
            f"dig +short MX {settings.registrant_domain}   (docs/zoom-setup.md shows how to set the record)",
        )
    ]


def read_disk(settings: Settings) -> Disk:
    """The disk of DATA_DIR; of the nearest folder above it that exists, if it does not exist yet."""
    folder = settings.data_dir.absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    free = shutil.disk_usage(existing).free
    return Disk(folder, writable, free, _file_system(existing), on_heroku=settings.dyno is not None)


def _file_system(place: Path) -> str:
    """The type of the file system `place` is on, from Linux's list of mounts; the longest mount point above it counts, the last if equal."""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    mounts = [(Path(fields[1].replace("\\040", " ")), fields[2]) for line in lines if len(fields := line.split()) > 2]
    above = [
        (len(point.parts), position, kind)
        for position, (point, kind) in enumerate(mounts)
        if place.resolve().is_relative_to(point)
    ]
    return max(above)[2] if above else ""


def disk_findings(disk: Disk, settings: Settings) -> list[Finding]:
    """Whether what is written to DATA_DIR can be written, and will be there tomorrow."""
    title = "Data folder"
    if not disk.writable:
        return [
            Finding(
                Level.BROKEN,
                title,
                f"{disk.folder} cannot be written.",
                "Give this user the right to write there, or set DATA_DIR.",
            )
        ]
    findings = []
    if disk.on_heroku or disk.file_system in FORGETFUL:
        where = "on Heroku's disk" if disk.on_heroku else f"on a disk of the kind {disk.file_system}"
        text = f"{disk.folder} is {where}, which is emptied on restart."
        fix = "Set DATABASE_URL to a PostgreSQL database, or put DATA_DIR on a volume that lasts."
        findings.append(
            Finding(Level.BROKEN if settings.uses_sqlite and disk.on_heroku else Level.WARNING, title, text, fix)
        )
    if disk.file_system in REMOTE and settings.uses_sqlite:
        text = f"{disk.folder} is on a network disk ({disk.file_system}), where SQLite can damage its file."
        findings.append(Finding(Level.BROKEN, title, text, "Put DATA_DIR on a local disk, or use PostgreSQL."))
    if disk.free_bytes < LITTLE_SPACE:
        text = f"only {disk.free_bytes // 1024**2} MB are free."
        findings.append(Finding(Level.WARNING, title, text, "Make room: a full disk stops everything."))
    return findings or [Finding(Level.OK, title, f"{disk.folder} can be written and lasts.")]


def anything_broken(findings: Sequence[Finding]) -> bool:
    """Whether something keeps the bot from working."""
    return any(finding.level is Level.BROKEN for finding in findings)


def as_text(findings: Sequence[Finding]) -> str:
    """The findings as aligned lines, and a last line that sums them up."""
    lines = [line for finding in findings for line in _lines(finding)]
    return "\n".join([*lines, "", _summary(findings)])


def _lines(finding: Finding) -> list[str]:
    said = f"{finding.title}: {finding.text}"
    first, *more = wrap(said, _WIDTH, break_long_words=False, break_on_hyphens=False)
    fix = wrap(f"-> {finding.fix}", _WIDTH, break_long_words=False, break_on_hyphens=False) if finding.fix else []
    return [f"{_MARKS[finding.level]:>8}  {first}", *(f"{'':>8}  {line}" for line in (*more, *fix))]


def _summary(findings: Sequence[Finding]) -> str:
    broken = sum(finding.level is Level.BROKEN for finding in findings)
    warnings = sum(finding.level is Level.WARNING for finding in findings)
    worth = f" {warnings} warning{'s' * (warnings != 1)}." if warnings else ""
    return f"{broken} broken: put that right first.{worth}" if broken else f"Nothing is broken.{worth}"
