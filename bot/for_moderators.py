"""What moderators see and press while a call runs, put together: the panel, its alerts, the use cases behind the buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from discord import Client

from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.live_cases import LiveCases
from bot.adapters.discord_chat.panels import DiscordPanels
from bot.ports import Chance, Chat, Clock, Store
from bot.services.emergency import Acting
from bot.services.live_desk import LiveDesk
from bot.services.live_views import LiveViews
from bot.services.panel_keeping import PanelKeeping
from bot.services.room_alerts import RoomAlerts
from bot.services.rooms import Rooms


@dataclass(frozen=True)
class ForModerators:
    """`cases` are what the commands call; `keeping` what whoever leads does again and again."""

    cases: LiveCases
    keeping: PanelKeeping


def for_moderators(
    store: Store,
    rooms: Rooms,
    acting: Acting,
    chat: Chat,
    client: Callable[[], Client],
    pace: DirectMessagePace,
    clock: Clock,
    chance: Chance,
) -> ForModerators:
    """All of it.

    Args:
        client: the client that is logged in at the moment.
        pace: how fast direct messages may leave.
    """
    panels = DiscordPanels(client, pace)
    views = LiveViews(store, rooms, acting)
    keeping = PanelKeeping(store, views, RoomAlerts(store, panels, clock, chance), chat, panels, clock)
    rooms.listen(keeping, everywhere=True)
    acting.listen(keeping)
    return ForModerators(LiveCases(LiveDesk(store, rooms, views, keeping, clock), acting), keeping)
