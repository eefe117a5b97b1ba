"""Where the commands can be used: in a server the bot was invited to, nowhere else."""

from __future__ import annotations

from discord.app_commands import AppCommandContext, AppInstallationType

IN_SERVERS = AppCommandContext(guild=True, dm_channel=False, private_channel=False)
INVITED = AppInstallationType(guild=True, user=False)
