"""Every command, tried by every kind of person, through the real client and real sockets: who may, who may not, what they are told, and that whoever
may not learns nothing about a call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.discord_chat.replies.problems import STILL_WORKING
from bot.adapters.discord_chat.replies.shape import Text
from bot.domain.community import Community
from bot.domain.incident import Category, Incident, IncidentId
from bot.domain.meeting import Host
from bot.domain.values import ChannelId, GuildId, LinkId, MemberId, RoleId, ZoomUserId
from bot.ports import AccountLink, LinkKind
from bot.rehearsal.discord_command_checks import CHAT_INPUT
from bot.rehearsal.discord_errors import NotVisible
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_interactions import COMMAND
from bot.rehearsal.discord_payloads import message_json
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_values import Resolver, fill_options, find_leaf, nest
from bot.rehearsal.discord_world import DM_CHANNEL, Channel, Guild, Member, Message
from tests.adapters.flow_rig import HOST, LINK, Town, read, town
from tests.adapters.rights_rows import EVERYBODY, INCIDENT, MEETING, NOT_OFFERED, ROWS, THEMSELVES, Kind, Row

PATIENCE = 60.0
"""Seconds; far more than any answer takes."""
TOPIC = "Canary rehearsal"


@dataclass
class Place:
    """One of the two communities, with what the options of a row name."""

    guild: Guild
    channel: Channel
    meeting: str
    message: Message
    incident: int = 1

    def fill(self, row: Row, who: Member) -> dict[str, Any]:
        named = {MEETING: self.meeting, INCIDENT: self.incident, THEMSELVES: who}
        return {name: named.get(str(value), value) for name, value in row.options.items()}


@dataclass
class Cast:
    """Who plays each kind, and where."""

    town: Town
    named: Place
    unnamed: Place
    people: dict[Kind, Member]

    def place(self, kind: Kind) -> Place:
        return self.unnamed if kind is Kind.FIRST_MANAGER else self.named

    async def told(self, row: Row, kind: Kind) -> str:
        """What this person reads, or that their app offers nothing."""
        place = self.place(kind)
        try:
            handle = await self._acts(row, self.people[kind], place, outside=kind is Kind.OUTSIDE)
        except NotVisible:
            return NOT_OFFERED
        return await _read(handle)

    async def _acts(self, row: Row, who: Member, place: Place, *, outside: bool) -> InteractionHandle:
        discord = self.town.discord
        if outside:
            return self._forged(row, who, place)
        if row.on:
            target = place.message if row.on == "message" else who
            return await discord.context_menu(who, row.command, target, place.channel)
        return await discord.slash(who, place.channel, row.command, place.fill(row, who))

    def _forged(self, row: Row, who: Member, place: Place) -> InteractionHandle:
        """As if sent in a direct message, which no app of Discord's would do."""
        hands, world = self.town.discord._hands, self.town.discord.world
        direct = world.dm_with(who.user) or world.new_channel("direct", guild=None, kind=DM_CHANNEL, recipient=who.user)
        definition, words = _definition(self.town, row)
        resolver = Resolver(world, who, place.channel)
        options: list[dict[str, Any]] = []
        if not row.on:
            chain, definitions = find_leaf(definition, words)
            options = nest(chain, fill_options(definitions, place.fill(row, who), resolver))
        else:
            resolver.resolved["messages"] = {str(place.message.id): message_json(world, place.message)}
            resolver.add(who)
        data = hands._command_data(definition, options, resolver)
        if row.on:
            data["target_id"] = str(place.message.id if row.on == "message" else who.id)
        return hands._send(COMMAND, data, who.user, direct)


def _definition(t: Town, row: Row) -> tuple[dict[str, Any], list[str]]:
    name, words = (row.command, []) if row.on else (row.command.split()[0], row.command.split()[1:])
    return next(found for found in t.discord.commands.all() if found["name"] == name), words


async def _read(handle: InteractionHandle) -> str:
    """The answer when it no longer says that it takes longer."""
    still = next(block.markdown for block in STILL_WORKING.blocks if isinstance(block, Text))
    async with asyncio.timeout(PATIENCE):
        while handle.modal is None and (handle.reply is None or handle.reply.now.loading or still in read(handle)):
            await asyncio.sleep(0.03)
    return f"form: {handle.modal.title}" if handle.modal is not None else _all(handle)


def _all(handle: InteractionHandle) -> str:
    labels = [
        str(part.get("label", ""))
        for message in handle.messages
        for row in message.components
        for part in row.get("components", [])
    ]
    return "\n".join([read(handle), *labels])


@pytest.mark.timeout(300)
async def test_every_command_does_or_refuses_what_the_table_says(tmp_path: Path) -> None:
    wrong: list[str] = []
    async with AsyncExitStack() as stack:
        built, connect = await stack.enter_async_context(town(tmp_path))
        built.link_requests, built.account_status = built.v.link_requests, built.v.account_status  # type: ignore[assignment]
        built.unlinking = built.v.unlinking  # type: ignore[assignment]
        await stack.enter_async_context(connect())
        cast = await _cast(built)
        for row in ROWS:
            answers = await asyncio.gather(*(cast.told(row, kind) for kind in Kind))
            for kind, text in zip(Kind, answers, strict=True):
                wrong += _differences(row, kind, text)
        missing = set(_synced(built)) - {row.command for row in ROWS}
    assert not missing, f"one row each, please, in tests/adapters/rights_rows.py: {sorted(missing)}"
    assert not wrong, "\n".join(wrong)


def _differences(row: Row, kind: Kind, text: str) -> Iterator[str]:
    who = f"/{row.command} by {kind.value}"
    if row.expected(kind) not in text:
        yield f"{who}: expected {row.expected(kind)!r}, read {text!r}"
    if (kind not in row.may or kind is Kind.OUTSIDE) and TOPIC in text:
        yield f"{who}: may not, and is told of the call: {text!r}"


def _synced(t: Town) -> Iterator[str]:
    """Every command as people name it, from what the bot registered."""
    for command in t.discord.commands.all():
        yield from _leaves(command["name"], command.get("options") or [] if command["type"] == CHAT_INPUT else [])


def _leaves(name: str, options: list[dict[str, Any]]) -> Iterator[str]:
    below = [option for option in options if option["type"] in (1, 2)]
    if not below:
        yield name
    for option in below:
        yield from _leaves(f"{name} {option['name']}", option.get("options") or [])


async def _cast(t: Town) -> Cast:
    """The two communities with a call and an incident each, and everybody."""
    discord, roles = t.discord, t.roles
    verified = [roles["Verified"]]
    people = {
        Kind.STRANGER: t["Mallory"],
        Kind.TOO_NEW: discord.add_member(
            t.guild, "Nina New", roles=verified, account_created_at=t.clock.now() - timedelta(days=2)
        ),
        Kind.VERIFIED: t["Ana"],
        Kind.MODERATOR: t["Mona"],
        Kind.ORGANISER: discord.add_member(t.guild, "Oscar", roles=[roles["Organiser"]]),
        Kind.MANAGER: t["Adam"],
        Kind.OWNER: discord.add_member(t.guild, "Zoe Zoomowner", roles=verified),
        Kind.OUTSIDE: t["Ben"],
    }
    larks = discord.add_guild("Larks", owner="Lara")
    admin = discord.add_role(larks, "Admin", int(Permission.MANAGE_GUILD))
    people[Kind.FIRST_MANAGER] = discord.add_member(larks, "Lena", roles=[admin])
    perch = discord.add_channel(larks, "perch")
    await _link(t, GuildId(larks.id), ChannelId(perch.id), MemberId(people[Kind.OWNER].id), verified[0].id)
    for who, channel in (("Olga", t.lobby), (people[Kind.FIRST_MANAGER], perch)):
        member = t[who] if isinstance(who, str) else who
        await _plan(t, member, channel)
    t.clock.advance(minutes=15)
    await t.v.run_jobs()
    places = []
    for guild, channel in ((t.guild, t.lobby), (larks, perch)):
        async with t.v.store.work() as uow:
            (meeting,) = await uow.meetings.upcoming(GuildId(guild.id))
            incident = Incident(
                IncidentId(f"incident-{guild.id}"[:32]),
                GuildId(guild.id),
                1,
                Category.HATE,
                t.clock.now(),
                meeting.meeting_id,
            )
            await uow.incidents.save(incident)
            await uow.commit()
        speaker = next(iter(member for member in guild.members.values() if not member.user.bot))
        message = discord.say(speaker, channel, "Please see https://us02web.zoom.us/j/8123456789?pwd=x")
        places.append(Place(guild, channel, meeting.meeting_id, message))
    return Cast(t, places[0], places[1], people)


async def _link(t: Town, larks: GuildId, perch: ChannelId, owner: MemberId, verified: int) -> None:
    async with t.v.store.work() as uow:
        await uow.communities.save(
            Community(larks, verified_roles=frozenset({RoleId(verified)}), announcement_channel=perch)
        )
        other = LinkId("link-larks")
        await uow.links.save(AccountLink(other, larks, LinkKind.SERVER_TO_SERVER, "account-2"))
        await uow.links.save_host(larks, Host(HOST, "hanna@choir.example", True, other, "Hanna Host"))
        (own,) = [link for link in await uow.links.of_guild(t.guild_id) if link.link_id == LINK]
        await uow.links.save(
            replace(
                own,
                link_id=LinkId("link-zoe"),
                kind=LinkKind.USER,
                is_default=False,
                owner=owner,
                zoom_user_id=ZoomUserId("zoe"),
                hint="z…@example.org",
            )
        )
        await uow.commit()


async def _plan(t: Town, member: Member, channel: Channel) -> None:
    draft = await t.discord.slash(member, channel, "meeting create", {"topic": TOPIC, "when": "in 40 minutes"})
    await _read(draft)
    assert draft.reply is not None
    await _read(await t.discord.press(member, draft.reply, "Create"))
    await t.v.run_jobs()


def test_every_row_has_its_own_command() -> None:
    assert len({row.command for row in ROWS}) == len(ROWS)
    assert Kind.OUTSIDE not in EVERYBODY
