"""The process under test: the bot as in production, on the machine's own clock, pointed at the stand-ins."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.lines import Parent
from bench.machine import cpu_time, memory_in_use
from bot.adapters.discord_chat.endpoints import DiscordEndpoints
from bot.app import run
from bot.building import Outside
from bot.collector import keep_what_is_loaded
from bot.logs import configure_logs
from bot.settings import RehearsalSettings


def settings_for(
    stand_ins: Mapping[str, Any], folder: Path, key: str, synchronous: str, event_secret: str | None = None
) -> RehearsalSettings:
    """The settings of a self-hosted bot that serves the first community; `stand_ins` is what their process said when it was ready.

    With `event_secret` it takes Zoom's events.
    """
    return RehearsalSettings.model_validate(
        {
            "discord_token": SecretStr(stand_ins["discord_token"]),
            "zoom_client_id": "vestibule",
            "zoom_client_secret": SecretStr("vestibule-secret"),
            "secret_keys": (SecretStr(key),),
            "zoom_account_id": stand_ins["zoom_account_id"],
            "discord_guild_id": stand_ins["guild_id"],
            "zoom_hosts": (stand_ins["zoom_host"],),
            "registrant_domain": "guests.choir.example",
            "data_dir": folder,
            "host": "127.0.0.1",
            "port": 0,
            "sqlite_synchronous": synchronous,
            "shutdown_seconds": 2,
            "zoom_webhook_secret": event_secret,
        }
    )


async def main() -> None:
    """Be the bot until the parent goes."""
    parent = await Parent.opened()
    config = await parent.config()
    stand_ins = config["stand_ins"]
    configure_logs(level="info", form="json")
    settings = settings_for(
        stand_ins, Path(config["folder"]), config["key"], config["synchronous"], config.get("event_secret")
    )
    outside = Outside(
        zoom_api=stand_ins["zoom_api"],
        zoom_oauth=stand_ins["zoom_oauth"],
        discord=DiscordEndpoints(stand_ins["discord_api"], stand_ins["discord_gateway"]),
        guild_ready_timeout=config["guild_ready_timeout"],
    )
    stop = asyncio.Event()

    def say_ready(port: int) -> None:
        keep_what_is_loaded()
        parent.say_ready(port=port)

    running = asyncio.create_task(run(settings, stop=stop, outside=outside, on_ready=say_ready))
    serving = asyncio.create_task(parent.serve({"memory": memory, "cpu": cpu_time}))
    await asyncio.wait({running, serving}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await running


async def memory() -> Mapping[str, Any]:
    """Resident bytes after a full collection."""
    gc.collect()
    return {"bytes": memory_in_use()}


if __name__ == "__main__":
    asyncio.run(main())
