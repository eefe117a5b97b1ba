"""The whole chat side with the real client and the real use cases; only Zoom is replaced, at its port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.discord_chat.answering import note_with
from bot.adapters.discord_chat.chat import DiscordChat
from bot.adapters.discord_chat.client import VestibuleClient
from bot.adapters.discord_chat.commands import register
from bot.adapters.discord_chat.connection import DiscordConnection
from bot.adapters.discord_chat.direct_messages import DirectMessagePace
from bot.adapters.discord_chat.incident_messages import DiscordAftercare, DiscordFollowUps
from bot.adapters.discord_chat.leak_messages import DiscordLeakMessages
from bot.adapters.discord_chat.link_rules import DiscordLinkRules, watch_blocked
from bot.adapters.discord_chat.reminders import DiscordReminders
from bot.adapters.discord_chat.server_events import DiscordServerEvents
from bot.adapters.discord_chat.use_cases import UseCases
from bot.adapters.store.sealed import Sealer, new_key
from bot.adapters.store.unit_of_work import open_store
from bot.adapters.timing.phrases import DatePhrases
from bot.adapters.timing.weekly import WallClockWeeks
from bot.domain.community import Community
from bot.domain.meeting import Host, Meeting
from bot.domain.values import ChannelId, GuildId, LinkId, MemberId, RoleId, ZoomUserId
from bot.ports import AccountLink, Job, LinkJob, LinkKind, ZoomUser
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Channel, Guild, Member, Message, Overwrite, Role
from tests.adapters.discord_rig import RememberedNotes, Tree, connected, stand_in
from tests.adapters.linking_fakes import ScriptedRequests, ScriptedStatus, ScriptedUnlinking
from tests.adapters.live_rig import LiveSide, live_side
from tests.databases import sqlite_at_head
from tests.services import conftest as whole
from tests.services.fakes import FakeZoom, FixedClock, SeededChance

LINK, HOST = LinkId("link-1"), ZoomUserId("zoom-host")


@dataclass
class Town:
    """A Discord community with Vestibule in it."""

    discord: DiscordStandIn
    v: whole.Vestibule
    clock: FixedClock
    guild: Guild
    roles: dict[str, Role]
    lobby: Channel
    calls: Channel
    staff: Channel
    people: dict[str, Member]
    notes: RememberedNotes = field(default_factory=RememberedNotes)
    link_requests: ScriptedRequests = field(default_factory=ScriptedRequests)
    account_status: ScriptedStatus = field(default_factory=ScriptedStatus)
    unlinking: ScriptedUnlinking = field(default_factory=ScriptedUnlinking)
    live: LiveSide = field(init=False)

    @property
    def zoom(self) -> FakeZoom:
        return self.v.zoom

    @property
    def guild_id(self) -> GuildId:
        return GuildId(self.guild.id)

    def __getitem__(self, name: str) -> Member:
        return self.people[name]

    async def slash(self, who: str, command: str, **options: Any) -> InteractionHandle:
        handle = await self.discord.slash(self[who], self.lobby, command, options)
        await handle.wait_settled(seconds=40, quiet=0.06)
        return handle

    async def press(self, name: str, message: Message | InteractionHandle, button: str) -> InteractionHandle:
        handle = await self.discord.press(self[name], _message(message), button)
        await handle.wait_settled(seconds=40, quiet=0.06)
        return handle

    async def select(
        self, name: str, message: Message | InteractionHandle, custom_id: str, *values: Any
    ) -> InteractionHandle:
        handle = await self.discord.select(self[name], _message(message), custom_id, values)
        await handle.wait_settled(seconds=40, quiet=0.06)
        return handle

    async def suggestions(self, name: str, command: str, option: str, **options: Any) -> list[str]:
        found = await self.discord.autocomplete(self[name], self.lobby, command, option, "", options)
        return [str(choice["name"]) for choice in found]

    def announcement(self) -> Message:
        return self.discord.messages_in(self.calls)[0]

    async def created(self, **options: Any) -> Meeting:
        """Olga creates a meeting in 40 minutes by command and button."""
        when = {"topic": "Choir *practice*", "when": "in 40 minutes"} | options
        draft = await self.slash("Olga", "meeting create", **when)
        await self.press("Olga", draft, "Create")
        await self.v.run_jobs()
        async with self.v.store.read() as uow:
            return list(await uow.meetings.upcoming(self.guild_id))[-1]

    async def links_open(self, **options: Any) -> Meeting:
        meeting = await self.created(**options)
        self.clock.advance(minutes=15)
        await self.v.run_jobs()
        return meeting


def _message(found: Message | InteractionHandle) -> Message:
    message = found.reply if isinstance(found, InteractionHandle) else found
    assert message is not None
    return message


@asynccontextmanager
async def town(folder: Path, clock: FixedClock | None = None) -> AsyncIterator[tuple[Town, Connect]]:
    """The community and a way to connect the bot, as often as a test likes."""
    clock, chance = clock or FixedClock(), SeededChance()
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(stand_in(clock))  # type: ignore[arg-type]
        store = open_store(sqlite_at_head(folder / "vestibule.db"), Sealer([new_key()]), chance)
        stack.push_async_callback(store.close)
        connection: list[DiscordConnection] = []
        pace = DirectMessagePace(clock)
        chat = DiscordChat(lambda: connection[0].client(), pace)
        zoom = FakeZoom(ZoomUser(HOST, "hanna@choir.example", "Hanna Host", True))
        v = whole.build(
            store,
            zoom,
            chat,  # type: ignore[arg-type]
            clock,
            chance,
            weeks=WallClockWeeks(),
            events=DiscordServerEvents(lambda: connection[0].client()),
            reminders=DiscordReminders(lambda: connection[0].client(), pace),
            follow_ups=DiscordFollowUps(lambda: connection[0].client(), pace),
            aftercare=DiscordAftercare(lambda: connection[0].client()),
            leak_messages=DiscordLeakMessages(lambda: connection[0].client(), pace),
            link_rules=DiscordLinkRules(lambda: connection[0].client()),
        )
        phrases = DatePhrases()
        v.drafting._phrases = v.setup._phrases = phrases
        for job in (*Job, *LinkJob):
            store.jobs.register(job.value, whole._never, queue="routine")
        await stack.enter_async_context(store.jobs.open())
        built = _community(discord, v, clock)
        built.live = live_side(v, chat, lambda: connection[0].client(), pace, folder)
        stack.push_async_callback(v.rooms.close)
        stack.push_async_callback(built.live.emergencies.close)
        await _fill(built)
        yield built, Connect(built, connection)


@dataclass
class Connect:
    """Starts the bot in the town; leaving stops it."""

    town: Town
    current: list[DiscordConnection]

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Town]:
        v = self.town.v
        t = self.town
        cases = UseCases(
            v.setup,
            v.drafting,
            v.creating,
            v.cancelling,
            v.views,
            v.admissions,
            v.proposing,
            v.links.editing,
            v.links.guests,
            v.clock,
            link_requests=t.link_requests,
            account_status=t.account_status,
            unlinking=t.unlinking,
            series=v.series,
            series_cancelling=v.series_cancelling,
            series_views=v.series_views,
            reminding=v.reminding,
            drifting=v.drifting,
            planning_anew=v.planning_anew,
            incidents=v.incidents,
            leaks=v.watched.leaks,
            rotation=v.watched.rotation,
            guard=v.watched.guard,
            privacy=v.data.privacy,
            live=t.live.moderators.cases,
        )

        def add(client: VestibuleClient, tree: Tree) -> None:
            register(client, tree, cases)
            watch_blocked(client, v.clock, v.watched.guard.blocked)
            note_with(client, v.incidents.noting.note)

        async with connected(self.town.discord, add, self.town.notes) as connection:
            self.current[:] = [connection]
            yield self.town


def _community(discord: DiscordStandIn, v: whole.Vestibule, clock: FixedClock) -> Town:
    guild = discord.add_guild("Choir")
    roles = {name: discord.add_role(guild, name) for name in ("Verified", "Organiser", "Moderator", "Speakers")}
    admin = discord.add_role(guild, "Admin", int(Permission.MANAGE_GUILD))
    hidden = [
        Overwrite(guild.everyone, deny=Permission.VIEW_CHANNEL),
        Overwrite(guild.members[discord.bot.id], allow=Permission.VIEW_CHANNEL),
        Overwrite(admin, allow=Permission.VIEW_CHANNEL),
    ]
    lobby, calls = discord.add_channel(guild, "lobby"), discord.add_channel(guild, "calls")
    staff = discord.add_channel(guild, "staff", hidden)
    people = {
        "Adam": discord.add_member(guild, "Adam", roles=[admin]),
        "Olga": discord.add_member(guild, "Olga Organiser", roles=[roles["Organiser"], roles["Verified"]]),
        "Mona": discord.add_member(guild, "Mona", roles=[roles["Moderator"]]),
        "Hanna": discord.add_member(guild, "Hanna", roles=[roles["Verified"]]),
        "Ana": discord.add_member(guild, "ana_1", nick="Ana", roles=[roles["Verified"]]),
        "Ben": discord.add_member(guild, "Ben", roles=[roles["Verified"]]),
        "Mallory": discord.add_member(guild, "Mallory"),
    }
    return Town(discord, v, clock, guild, roles, lobby, calls, staff, people)


async def _fill(built: Town) -> None:
    host = Host(HOST, "hanna@choir.example", True, LINK, "Hanna Host", MemberId(built["Hanna"].id))
    async with built.v.store.work() as uow:
        await uow.communities.save(
            Community(
                built.guild_id,
                verified_roles=frozenset({RoleId(built.roles["Verified"].id)}),
                organiser_roles=frozenset({RoleId(built.roles["Organiser"].id)}),
                moderator_roles=frozenset({RoleId(built.roles["Moderator"].id)}),
                announcement_channel=ChannelId(built.calls.id),
                timezone="Europe/London",
            )
        )
        await uow.links.save(AccountLink(LINK, built.guild_id, LinkKind.SERVER_TO_SERVER, "account"))
        await uow.links.save_host(built.guild_id, host)
        await uow.commit()


def read(handle: InteractionHandle) -> str:
    """Every message of an answer as read, one under the other."""
    return "\n".join(message_text(message) for message in handle.messages if message.deleted_at is None)
