"""Builds the community and the Zoom account of a scenario in the stand-ins, and knows who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.linking import RETURN_PATH
from bot.rehearsal.discord import DiscordStandIn
from bot.rehearsal.discord_builder import BOT_PERMISSIONS
from bot.rehearsal.discord_permissions import Permission
from bot.rehearsal.discord_world import Channel, Guild, Member, Overwrite, Role, User
from bot.rehearsal.scenario import CrowdPart, PersonPart, RoomPart, Scenario
from bot.rehearsal.scenario_reading import CROWD
from bot.rehearsal.scenario_words import ROOM, RemovalWord, Standing
from bot.rehearsal.zoom import ZoomStandIn
from bot.rehearsal.zoom_endpoints import ENDPOINTS
from bot.rehearsal.zoom_limits import Plan
from bot.rehearsal.zoom_state import BASIC, LICENSED, Account
from bot.rehearsal.zoom_wire import JsonObject, merge

_QUARANTINED = 1 << 7
"""`AUTOMOD_QUARANTINED_USERNAME` (https://docs.discord.com/developers/resources/guild#guild-member-object-guild-member-flags)."""
_NAMES = (
    *("Noor", "Tomas", "Ines", "Kofi", "Lena", "Yuki", "Omar", "Freya", "Ravi", "Sofia", "Mateo", "Aisha", "Jonas"),
    *("Priya", "Emil", "Zara", "Hugo", "Nia", "Pavel", "Clara", "Idris", "Maya", "Anton", "Leila", "Oskar", "Tara"),
    *("Bruno", "Hana", "Felix", "Amira", "Sven", "Rosa", "Dario", "Elif", "Nils", "Vera", "Kenji", "Marta", "Abel"),
    *("Luca", "Dilan", "Greta", "Samir", "Ella", "Viktor"),
)


@dataclass(frozen=True, slots=True)
class Actor:
    """One person of the scenario. `user` is their Discord account; `member` is None while they are not in the server."""

    name: str
    user: User
    standing: str
    member: Member | None
    crowd: str | None = None


class Cast:
    """Everybody, by name."""

    def __init__(self, scenario: Scenario, discord: DiscordStandIn, now: datetime) -> None:
        self._discord = discord
        community = scenario.community
        self.guild: Guild = discord.add_guild(
            community.name,
            bot_permissions=BOT_PERMISSIONS | (Permission.MANAGE_GUILD if scenario.bot.manages_server else 0),
        )
        self.roles: dict[str, Role] = {
            name: discord.add_role(self.guild, name, in_prompt=name in community.self_assignable)
            for name in community.roles
        }
        self._managers = discord.add_role(self.guild, "Server managers", int(Permission.MANAGE_GUILD))
        self.channels: dict[str, Channel] = {name: discord.add_channel(self.guild, name) for name in community.channels}
        for name, roles in community.private_channels.items():
            self.channels[name] = discord.add_channel(
                self.guild, name, self._private([self.roles[role] for role in roles])
            )
        self.people: dict[str, Actor] = {person.name: self._person(person, now) for person in scenario.people}
        for crowd in scenario.crowd:
            self._gather(crowd, now)

    def named(self, who: Sequence[str]) -> list[Actor]:
        """The people meant by names and crowds, in order."""
        found: list[Actor] = []
        for name in who:
            if name == CROWD:
                found += [actor for actor in self.people.values() if actor.crowd is not None]
            elif name.startswith(f"{CROWD}:"):
                found += [actor for actor in self.people.values() if actor.crowd == name.removeprefix(f"{CROWD}:")]
            else:
                found.append(self.people[name])
        return found

    def thing(self, name: str) -> Member | User | Role | Channel:
        """What "@Ana", "@Member" or "#calls" names. A person comes before a role of the same name.

        Raises:
            KeyError: there is no such thing.
        """
        sign, rest = name[:1], name[1:]
        if sign == "#":
            return self.channels[rest]
        if rest in self.people:
            actor = self.people[rest]
            return actor.member or actor.user
        return self.guild.everyone if rest == "everyone" else self.roles[rest]

    def place(self, name: str | None) -> Channel:
        """Where somebody types a command: the channel named, else the first one."""
        return self.channels[name] if name is not None else next(iter(self.channels.values()))

    def _private(self, roles: Sequence[Role]) -> list[Overwrite]:
        bot = self._discord.world.bot_in(self.guild)
        view = int(Permission.VIEW_CHANNEL)
        opened: list[Role | Member] = [*roles, *([bot] if bot is not None else [])]
        return [Overwrite(self.guild.everyone, deny=view), *(Overwrite(target, allow=view) for target in opened)]

    def _person(self, person: PersonPart, now: datetime) -> Actor:
        roles = [self.roles[name] for name in person.roles] + ([self._managers] if person.manages_server else [])
        shown = _standing(person.standing, person.roles, manages=person.manages_server)
        if person.standing == "not in server":
            user = self._discord.world.new_user(person.name, dms_open=person.dms == "open")
            return Actor(person.name, user, shown, None)
        member = self._join(person.name, roles, person.standing, now, nick=person.nick, dms_open=person.dms == "open")
        return Actor(person.name, member.user, shown, member)

    def _gather(self, crowd: CrowdPart, now: datetime) -> None:
        free = [name for name in _NAMES if name not in self.people]
        names = [free[n] if n < len(free) else f"{crowd.named} {n + 1}" for n in range(crowd.count)]
        for name in names:
            member = self._join(name, [self.roles[role] for role in crowd.roles], crowd.standing, now)
            self.people[name] = Actor(name, member.user, _standing(crowd.standing, crowd.roles), member, crowd.named)

    def _join(
        self,
        name: str,
        roles: Sequence[Role],
        standing: Standing,
        now: datetime,
        *,
        nick: str | None = None,
        dms_open: bool = True,
    ) -> Member:
        joined = {"new account": timedelta(days=1), "just joined": timedelta(minutes=5)}.get(standing)
        return self._discord.add_member(
            self.guild,
            name,
            nick=nick,
            roles=roles,
            bot=standing == "bot",
            pending=standing == "pending rules",
            timed_out_until=now + timedelta(days=1) if standing == "timed out" else None,
            flags=_QUARANTINED if standing == "quarantined" else 0,
            joined_at=now - joined if joined else None,
            account_created_at=now - timedelta(days=2) if standing == "new account" else None,
            dms_open=dms_open,
        )


def _standing(standing: Standing, roles: Sequence[str], *, manages: bool = False) -> str:
    """How the summary describes somebody: their roles, and what is unusual about them."""
    held = ", ".join([*roles, *(["manages the server"] if manages else [])]) or "no role"
    return held if standing == "fine" else standing if standing == "not in server" else f"{held}, {standing}"


def open_account(scenario: Scenario, zoom: ZoomStandIn, client_id: str, client_secret: str, public_url: str) -> Account:
    """The Zoom account of a scenario, with its hosts, its locks and the bot's app: server-to-server, or one that users link by themselves."""
    wish = scenario.zoom
    account = zoom.add_account(plan=Plan(wish.plan))
    for number, host in enumerate(wish.hosts):
        zoom.add_user(
            account,
            host.email,
            type=LICENSED if host.licensed else BASIC,
            role="Member" if number else "Owner",
            timezone=scenario.community.timezone,
        )
    lock(zoom, account, wish.locks)
    set_removal(account, wish.removal)
    allow_sharing(zoom, everyone=wish.everyone_can_share_screen)
    if wish.linked_by == "oauth":
        scopes = [endpoint.scope for endpoint in ENDPOINTS if not endpoint.scope.endswith(":admin")]
        back = public_url + RETURN_PATH
        zoom.add_app(account, client_id, client_secret, kind="user_managed", scopes=scopes, redirect_uris=[back])
        return account
    scopes = [endpoint.scope.removesuffix(":admin") + ":admin" for endpoint in ENDPOINTS]
    zoom.add_app(account, client_id, client_secret, scopes=scopes)
    return account


def room_fields(room: RoomPart) -> JsonObject:
    """A scenario's words for settings, in the shape of Zoom's interface."""
    fields: JsonObject = {}
    for name, value in room.chosen.items():
        fields = merge(fields, dict(ROOM[name][value]))
    return fields


def lock(zoom: ZoomStandIn, account: Account, room: RoomPart) -> None:
    """Let an admin at Zoom lock these settings for the whole account."""
    if room.chosen:
        zoom.force(account, room_fields(room), passcode=account.forced_passcode)


def allow_sharing(zoom: ZoomStandIn, *, everyone: bool) -> None:
    """Set who can share a screen, for every user."""
    for user in zoom.state.users.values():
        user.settings = merge(user.settings, {"in_meeting": {"who_can_share_screen": "all" if everyone else "host"}})


def set_removal(account: Account, how: RemovalWord) -> None:
    """Say what `participant.remove` does in this account, and with it ending a meeting."""
    account.remove_enabled = how != "is not enabled"
    account.controls_have_effect = how != "is accepted and does nothing"
