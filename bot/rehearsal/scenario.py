"""A scenario: the people, the world they meet in, what they do, and what must follow. `docs/scenarios.md` explains it to people.

These are the shapes only; `scenario_reading` turns a file into them and finds what is wrong with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.rehearsal.scenario_call import CallPart
from bot.rehearsal.scenario_part import Part, Plain, Point, Span, Words, exactly_one
from bot.rehearsal.scenario_words import (
    DatabaseWord,
    DiscordCall,
    EventsWord,
    FaultWord,
    Moment,
    RemovalWord,
    Standing,
    ZoomCall,
    moment,
)


def _moderators_only() -> dict[str, tuple[str, ...]]:
    return {"moderators": ("Organiser", "Moderator")}


class CommunityPart(Part):
    """The Discord server."""

    name: str = "Riverside Chess Club"
    timezone: str = "Europe/London"
    roles: tuple[str, ...] = ("Member", "Organiser", "Moderator")
    self_assignable: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("general", "calls")
    private_channels: dict[str, tuple[str, ...]] = Field(default_factory=_moderators_only)


class HostPart(Part):
    """A Zoom user who may host."""

    email: str
    licensed: bool = True


class RoomPart(Part):
    """Settings of meetings that somebody at Zoom locks or changes."""

    waiting_room: bool | None = None
    join_before_host: bool | None = None
    registration: bool | None = None
    recording: bool | None = None
    telephone: bool | None = None
    mute_on_entry: bool | None = None
    video_at_entry: bool | None = None
    focus_mode: bool | None = None

    @property
    def chosen(self) -> dict[str, bool]:
        """What was said."""
        return self.model_dump(exclude_none=True)


class ZoomPart(Part):
    """The Zoom account."""

    plan: Literal["free", "pro", "business"] = "pro"
    hosts: Annotated[tuple[HostPart, ...], Field(min_length=1)] = (HostPart(email="mina@riverside.example"),)
    locks: RoomPart = RoomPart()
    everyone_can_share_screen: bool = True
    removal: RemovalWord = "is not enabled"
    linked_by: Literal["server_to_server", "oauth"] = "server_to_server"
    """With "oauth" nothing is linked at first: people link their own accounts with /zoom link."""


class BotPart(Part):
    """What the operator of the bot has set."""

    registrant_domain: bool = True
    event_endpoint: bool = False
    members_intent: bool = False
    manages_server: bool = False


class PersonPart(Part):
    """One person."""

    name: str
    nick: str | None = None
    roles: tuple[str, ...] = ()
    manages_server: bool = False
    standing: Standing = "fine"
    dms: Literal["open", "closed"] = "open"


class CrowdPart(Part):
    """Many people alike."""

    named: str
    count: Annotated[int, Field(ge=1, le=200)]
    roles: tuple[str, ...] = ()
    standing: Standing = "fine"


class TypePart(Part):
    """Typing into an option of a command, to see what is offered."""

    command: str
    option: str
    text: str = ""


class RolePart(Part):
    """A role given to people or taken from them."""

    give: str | None = None
    take: str | None = None
    to: Words | None = None
    of: Words | None = Field(default=None, alias="from")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if not ((self.give and self.to and not self.take) or (self.take and self.of and not self.give)):
            raise ValueError('write { give = "Member", to = "Ana" } or { take = "Member", from = "Ana" }')
        return self


class _Fault(Part):
    fault: FaultWord | None = None
    times: int | Literal["always"] = 1
    after: int = 0
    seconds: float = 1.0
    recovers: bool = False


class ZoomChange(_Fault):
    """Something happens at Zoom."""

    when: ZoomCall = "anything"
    locks: RoomPart | None = None
    changes_meeting: RoomPart | None = None
    everyone_can_share_screen: bool | None = None
    starts_meeting: bool = False
    ends_meeting: bool = False
    deletes_meeting: bool = False
    moves_meeting: Span | None = None
    registers_by_hand: str | None = None
    finds_link_posted: str | None = None
    events: EventsWord | None = None
    removes_app: bool = False
    removal: RemovalWord | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        exactly_one(
            self,
            "fault",
            "recovers",
            "locks",
            "changes_meeting",
            "everyone_can_share_screen",
            "starts_meeting",
            "ends_meeting",
            "deletes_meeting",
            "moves_meeting",
            "registers_by_hand",
            "finds_link_posted",
            "events",
            "removes_app",
            "removal",
        )
        return self


class DiscordChange(_Fault):
    """Something happens at Discord."""

    when: DiscordCall = "anything"
    drops_connection: bool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        exactly_one(self, "fault", "recovers", "drops_connection")
        return self


class HoldsPart(Part):
    """What must be found at Zoom."""

    meetings: int | None = None
    approved: int | None = None
    cancelled: int | None = None
    invite_links: int | None = None
    calls: dict[ZoomCall, int] = Field(default_factory=dict)


People = int | tuple[str, ...]
"""How many, or under which names without their tags."""


class Expectations(Part):
    """What must follow. Those about a person are about each one named in `who`."""

    sees: Words = ()
    sees_first: Words = ()
    sees_not: Words = ()
    gets_link: bool | int | None = None
    same_link_as_before: bool | None = None
    private: bool = True
    cannot: bool = False
    told: Words = ()
    not_told: bool = False
    offered: Words = ()
    not_offered: Words = ()
    outcome: str | None = None
    public_sees: Words = ()
    public_sees_not: Words = ()
    calendar_sees: Words = ()
    calendar_sees_not: Words = ()
    moderators_see: Words = ()
    moderators_see_not: Words = ()
    host_sees: tuple[str, ...] | None = None
    in_call: People | None = None
    waiting: People | None = None
    removed: People | None = None
    zoom_holds: HoldsPart | None = None

    @property
    def any_said(self) -> bool:
        """Whether there is anything to check."""
        return any(name in self.model_fields_set for name in Expectations.model_fields)


ACTIONS = (
    "tell",
    "command",
    "press",
    "choose",
    "fill",
    "menu",
    "posts_link",
    "type",
    "opens",
    "leaves_call",
    "shares",
    "opens_page",
    "continues",
    "takes_over",
    "consents",
    "denies",
    "play",
    "advance",
    "advance_to",
    "bot",
    "database",
    "role",
    "leaves",
    "kicked",
    "call",
    "zoom",
    "discord",
)
"""The keys that say what happens; a step has at most one, and without any it only checks."""
IN_BROWSER = frozenset({"opens_page", "continues", "takes_over", "consents", "denies"})
"""The actions somebody does in a web browser."""
AT_ZOOM = frozenset({"opens", "leaves_call", "shares"})
"""The actions somebody does in Zoom's own app."""
BY_PEOPLE = (
    frozenset({"command", "press", "choose", "fill", "menu", "posts_link", "type", "play"}) | AT_ZOOM | IN_BROWSER
)
"""The actions somebody does."""


class Step(Expectations):
    """One thing that happens, and what must follow from it."""

    who: Words = ()
    tell: str | None = None
    command: str | None = None
    options: dict[str, Plain] = Field(default_factory=dict)
    channel: str | None = None
    press: str | None = None
    on: str | None = None
    times: Annotated[int, Field(ge=1, le=10)] = 1
    choose: str | None = None
    values: tuple[str, ...] = ()
    fill: dict[str, Plain] | None = None
    menu: str | None = None
    points_at: str | None = None
    posts_link: str | None = None
    type: TypePart | None = None
    opens: str | None = None
    earlier_link: bool = False
    leaves_call: Literal[True] | None = None
    shares: bool | None = None
    opens_page: str | None = None
    continues: Literal[True] | None = None
    takes_over: str | None = None
    consents: str | Literal[True] | None = None
    denies: Literal[True] | None = None
    play: str | None = None
    advance: Span | None = None
    advance_to: Point | None = None
    bot: Literal["restart", "stop", "kill", "start"] | None = None
    database: DatabaseWord | None = None
    role: RolePart | None = None
    leaves: str | None = None
    kicked: str | None = None
    call: CallPart | None = None
    zoom: ZoomChange | None = None
    discord: DiscordChange | None = None
    together: bool = True
    wait: bool = True
    briefly: bool = False

    @property
    def action(self) -> str | None:
        """Which of `ACTIONS` this step is."""
        return next((name for name in ACTIONS if getattr(self, name) is not None), None)

    @property
    def point(self) -> Moment:
        """The point of `advance_to`."""
        return moment(self.advance_to or "")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        said = [name for name in ACTIONS if getattr(self, name) is not None]
        if len(said) > 1:
            raise ValueError(f"says {len(said)} things that happen ({', '.join(said)}); make each a step of its own")
        if not said and not self.any_said:
            raise ValueError(
                "says nothing; give it something that happens, such as press, or something to check, such as sees"
            )
        if said and said[0] in BY_PEOPLE and not self.who:
            raise ValueError(f'says {said[0]} but not who does it; add who = "..."')
        if (self.menu is None) is not (self.points_at is None):
            raise ValueError('needs both menu = "..." (what is chosen) and points_at = "..." (whose newest message)')
        if not self.who and (self.sees or self.sees_not or self.gets_link is not None or self.told):
            raise ValueError('checks what somebody sees but not who; add who = "..."')
        return self


class Scenario(Part):
    """A whole story."""

    title: str
    about: str = ""
    starts: datetime = datetime(2027, 3, 2, 18, 0)  # noqa: DTZ001 - the time on the community's wall
    community: CommunityPart = CommunityPart()
    zoom: ZoomPart = ZoomPart()
    bot: BotPart = BotPart()
    people: Annotated[tuple[PersonPart, ...], Field(min_length=1)]
    crowd: tuple[CrowdPart, ...] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class Fragment(Part):
    """Steps that a scenario can `play`. They are done by whoever plays them."""

    title: str
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
