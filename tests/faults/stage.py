"""A community ready for a meeting, for tests that kill processes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import LiteralString

import psycopg
from psycopg import sql

from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_world import Channel, Member
from tests.e2e.town import Town
from tests.waiting import until

_UNFINISHED: LiteralString = "SELECT count(*) FROM {table} WHERE status IN ('todo', 'doing') AND queue_name = 'routine'"


class Stage:
    """A town with an organiser, a member, and channels, ready for a meeting."""

    def __init__(self, place: Town) -> None:
        discord, guild = place.discord, place.guild
        discord.limits.identify_window = 0.0
        self.place = place
        self.verified = discord.add_role(guild, "Verified")
        self.calls: Channel = discord.add_channel(guild, "calls")
        self.olga: Member = next(m for m in guild.members.values() if m.user.name == "Olga")
        self.ana: Member = discord.add_member(guild, "ana", nick="Ana", roles=[self.verified])

    async def set_up(self) -> None:
        """Choose the verified role and the announcement channel, as Olga does."""
        discord = self.place.discord
        handle = await discord.slash(self.olga, self.calls, "setup")
        panel = await handle.wait_settled()
        await (await discord.press(self.olga, panel, "Roles")).wait_settled()
        await (await discord.select(self.olga, panel, "setup:roles:verified", [self.verified])).wait_settled()
        await (await discord.press(self.olga, panel, "Channels")).wait_settled()
        await (await discord.select(self.olga, panel, "setup:channel:announcements", [self.calls])).wait_settled()

    async def drafted(self) -> InteractionHandle:
        handle = await self.place.discord.slash(
            self.olga, self.calls, "meeting create", {"topic": "Choir practice", "when": "in 40 minutes"}
        )
        await handle.wait_settled()
        return handle

    async def announced(self) -> None:
        await until(lambda: bool(self.place.discord.messages_in(self.calls)))

    async def at_rest(self) -> None:
        """Wait until no routine job is left: whatever the bot would do now, it has done."""
        await until(lambda: not self.unfinished_jobs(), look=0.1)

    def unfinished_jobs(self) -> int:
        settings = self.place.settings
        if settings.database_url is None:
            file = settings.data_dir / "vestibule.db"
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                (found,) = database.execute(_UNFINISHED.format(table="work_job")).fetchone()
        else:
            with psycopg.connect(settings.database_url.get_secret_value()) as connection:
                row = connection.execute(sql.SQL(_UNFINISHED).format(table=sql.Identifier("procrastinate_jobs")))
                (found,) = row.fetchone() or (0,)
        return int(found)
