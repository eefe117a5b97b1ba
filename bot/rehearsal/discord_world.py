"""The communities the Discord stand-in holds: people, guilds, roles, channels, messages and events, as plain state.

Nothing here talks to a socket. Ids are snowflakes whose timestamp is the creation time
(https://docs.discord.com/developers/reference#snowflakes), so an account's age can be read from its id, as with the real service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.rehearsal.discord_permissions import (
    EVERYONE_DEFAULT,
    TIMED_OUT_KEEPS,
    Permission,
    base_permissions,
    with_overwrites,
)

Json = dict[str, Any]
"""One JSON object as it stands on the wire."""

DISCORD_EPOCH_MS = 1_420_070_400_000
ROLE_IN_PROMPT = 1 << 0
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
TEXT_CHANNEL, DM_CHANNEL, VOICE_CHANNEL, STAGE_CHANNEL = 0, 1, 2, 13
STAGE_EVENT, VOICE_EVENT, EXTERNAL_EVENT = 1, 2, 3
EVENT_SCHEDULED, EVENT_ACTIVE, EVENT_COMPLETED, EVENT_CANCELED = 1, 2, 3, 4


def created(snowflake: int) -> datetime:
    """The instant a snowflake carries."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000, UTC)


@dataclass(eq=False)
class User:
    """A Discord account. `dms_open` false refuses direct messages with 50007."""

    id: int
    name: str
    bot: bool = False
    dms_open: bool = True


@dataclass(eq=False)
class Role:
    """A role of one guild; `flags` bit 0 marks a role that onboarding lets people give themselves."""

    id: int
    name: str
    permissions: int = 0
    position: int = 1
    flags: int = 0
    managed: bool = False


@dataclass(eq=False)
class Overwrite:
    """Permission bits a channel adds to or takes from one role or one member."""

    target: Role | Member
    allow: int = 0
    deny: int = 0

    @property
    def target_id(self) -> int:
        """The id that stands on the wire: the role's, or the member's user id."""
        return self.target.id


@dataclass(eq=False)
class Member:
    """A person (or bot) inside one guild. Discord has no id of its own for this: the user's id is used."""

    user: User
    guild: Guild = field(repr=False)
    joined_at: datetime
    nick: str | None = None
    roles: list[Role] = field(default_factory=list)
    pending: bool = False
    timed_out_until: datetime | None = None
    flags: int = 0

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def display_name(self) -> str:
        """The name others see in this guild."""
        return self.nick or self.user.name


@dataclass(eq=False)
class Channel:
    """A guild channel, or a direct-message channel when `guild` is None (then `recipient` is the person)."""

    id: int
    name: str
    guild: Guild | None = field(default=None, repr=False)
    kind: int = TEXT_CHANNEL
    position: int = 0
    overwrites: list[Overwrite] = field(default_factory=list)
    recipient: User | None = None


@dataclass(frozen=True)
class Version:
    """One state of a message: what stood there from `at` on, and the ids of those who could view it then."""

    at: datetime
    content: str
    embeds: Sequence[Json]
    components: Sequence[Json]
    flags: int
    attachments: Sequence[Json]
    seen_by: frozenset[int]

    @property
    def loading(self) -> bool:
        """Whether people see only "is thinking..."."""
        return bool(self.flags & LOADING)


@dataclass(eq=False)
class Message:
    """A message with every version it ever had; `private_to` names the one person who sees an ephemeral message."""

    id: int
    channel: Channel
    author: User
    created_at: datetime
    versions: list[Version]
    private_to: int | None = None
    interaction_id: int | None = None
    nonce: str | None = None
    deleted_at: datetime | None = None

    @property
    def now(self) -> Version:
        """The current version."""
        return self.versions[-1]

    @property
    def content(self) -> str:
        """The current text."""
        return self.now.content

    @property
    def embeds(self) -> Sequence[Json]:
        """The current embeds, as sent."""
        return self.now.embeds

    @property
    def components(self) -> Sequence[Json]:
        """The current component tree, as sent (with ids filled in)."""
        return self.now.components

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.private_to is not None


@dataclass(eq=False)
class ScheduledEvent:
    """A guild scheduled event and every text it ever showed."""

    id: int
    guild: Guild
    creator: User
    body: Json
    status: int = EVENT_SCHEDULED
    deleted: bool = False
    interested: list[int] = field(default_factory=list)
    versions: list[tuple[datetime, Json]] = field(default_factory=list)

    def instant(self, name: str) -> datetime | None:
        """The time in body field `name`, if it is set."""
        value = self.body.get(name)
        return datetime.fromisoformat(value) if isinstance(value, str) else None


@dataclass(eq=False)
class Guild:
    """A community ("server")."""

    id: int
    name: str
    owner_id: int
    created_at: datetime
    locale: str = "en-US"
    features: list[str] = field(default_factory=lambda: ["COMMUNITY"])
    roles: dict[int, Role] = field(default_factory=dict, repr=False)
    channels: dict[int, Channel] = field(default_factory=dict, repr=False)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    bans: dict[int, User] = field(default_factory=dict, repr=False)
    events: dict[int, ScheduledEvent] = field(default_factory=dict, repr=False)
    audit_log: list[Json] = field(default_factory=list, repr=False)
    automod_rules: dict[int, Json] = field(default_factory=dict, repr=False)

    @property
    def everyone(self) -> Role:
        """The role whose id is the guild's own and which everybody has."""
        return self.roles[self.id]

    def role_named(self, name: str) -> Role:
        """The role called `name`; KeyError if there is none."""
        return {role.name: role for role in self.roles.values()}[name]

    def channel_named(self, name: str) -> Channel:
        """The channel called `name`; KeyError if there is none."""
        return {channel.name: channel for channel in self.channels.values()}[name]


class World:
    """All state of the stand-in's Discord; `now` is the clock everything is dated with."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._sequence = 0
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._dms: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.bot = self.new_user("vestibule", bot=True)

    def snowflake(self, at: datetime | None = None) -> int:
        """A fresh id dated `at` (default: now); strictly unique, and rising within one millisecond."""
        self._sequence += 1
        milliseconds = int((at or self.now()).timestamp() * 1000) - DISCORD_EPOCH_MS
        return (max(milliseconds, 0) << 22) | (self._sequence & 0x3FFFFF)

    def new_user(
        self, name: str, *, bot: bool = False, dms_open: bool = True, created_at: datetime | None = None
    ) -> User:
        """An account, by default a year old."""
        user = User(self.snowflake(created_at or self.now() - timedelta(days=365)), name, bot, dms_open)
        self.users[user.id] = user
        return user

    def new_guild(self, name: str, owner: str | User, bot_permissions: int) -> Guild:
        """A guild with @everyone, an owner, and the bot with its managed role."""
        now = self.now()
        owner_user = owner if isinstance(owner, User) else self.new_user(owner)
        guild = Guild(self.snowflake(), name, owner_user.id, now)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE_DEFAULT, position=0)
        bot_role = Role(self.snowflake(), self.bot.name, bot_permissions, managed=True)
        guild.roles[bot_role.id] = bot_role
        guild.members[owner_user.id] = Member(owner_user, guild, now - timedelta(days=300))
        guild.members[self.bot.id] = Member(self.bot, guild, now, roles=[bot_role])
        self.guilds[guild.id] = guild
        return guild

    def dm_with(self, user: User) -> Channel | None:
        """The direct-message channel between the bot and `user`, once opened."""
        return self._dms.get(user.id)

    def new_channel(self, name: str, *, guild: Guild | None, kind: int, recipient: User | None = None) -> Channel:
        """A channel at the end of a guild's list, or a direct-message channel with `recipient`."""
        channel = Channel(self.snowflake(), name, guild, kind, recipient=recipient)
        self.channels[channel.id] = channel
        if guild is not None:
            channel.position = len(guild.channels)
            guild.channels[channel.id] = channel
        if recipient is not None:
            self._dms[recipient.id] = channel
        return channel

    def mutual_guild(self, user: User) -> bool:
        """Whether the bot and `user` share a guild."""
        return any(user.id in g.members and self.bot.id in g.members for g in self.guilds.values())

    def guild_permissions(self, member: Member) -> int:
        """What `member` may do in the guild as a whole, a time-out included."""
        return self._timed_out(member, self._base(member))

    def permissions_in(self, member: Member, channel: Channel) -> int:
        """What `member` may do in a guild channel, overwrites and a time-out included."""
        pairs = {o.target_id: (o.allow, o.deny) for o in channel.overwrites}
        roles = [pairs[r.id] for r in member.roles if r.id in pairs]
        everyone, own = pairs.get(member.guild.id, (0, 0)), pairs.get(member.id, (0, 0))
        computed = with_overwrites(self._base(member), everyone, roles, own)
        return self._timed_out(member, computed)

    def _base(self, member: Member) -> int:
        guild = member.guild
        roles = (role.permissions for role in member.roles)
        return base_permissions(guild.everyone.permissions, roles, is_owner=member.id == guild.owner_id)

    def _timed_out(self, member: Member, permissions: int) -> int:
        until = member.timed_out_until
        if until is None or until <= self.now() or permissions & Permission.ADMINISTRATOR:
            return permissions
        return permissions & TIMED_OUT_KEEPS

    def can(self, member: Member, channel: Channel, wanted: int) -> bool:
        """Whether `member` has all bits of `wanted` in `channel`."""
        return self.permissions_in(member, channel) & wanted == wanted

    def bot_in(self, guild: Guild) -> Member | None:
        """The bot's membership of `guild`, if it is there."""
        return guild.members.get(self.bot.id)

    def viewers(self, channel: Channel) -> Iterator[int]:
        """The user ids that can view `channel` now."""
        if channel.guild is None:
            yield self.bot.id
            if channel.recipient is not None:
                yield channel.recipient.id
            return
        for member in channel.guild.members.values():
            if self.can(member, channel, Permission.VIEW_CHANNEL):
                yield member.id

    def add_message(self, channel: Channel, author: User, body: Mapping[str, Any], **facts: Any) -> Message:
        """Store a new message with the visible parts of `body`."""
        message = Message(self.snowflake(), channel, author, self.now(), [], **facts)
        message.versions.append(self._version(message, body))
        self.messages[message.id] = message
        return message

    def edit_message(self, message: Message, body: Mapping[str, Any]) -> None:
        """Append a version in which the parts present in `body` are replaced."""
        was = message.now
        kept = {
            "content": was.content,
            "embeds": was.embeds,
            "components": was.components,
            "attachments": was.attachments,
        }
        message.versions.append(self._version(message, {**kept, "flags": was.flags, **body}))

    def _version(self, message: Message, body: Mapping[str, Any]) -> Version:
        private = message.private_to
        seen_by = frozenset(self.viewers(message.channel)) if private is None else frozenset({private})
        return Version(
            self.now(),
            body.get("content") or "",
            body.get("embeds") or (),
            body.get("components") or (),
            body.get("flags") or 0,
            body.get("attachments") or (),
            seen_by,
        )
