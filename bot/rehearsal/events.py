"""What a rehearsal tells while it plays. One stream, printed for people or as JSON; secrets are masked before anything becomes an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """The story begins. `zone` is the time zone of the community, in which times are told."""

    title: str
    about: str
    community: str
    zone: str
    people: int


@dataclass(frozen=True, slots=True)
class Told:
    """The narrator says something."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happens that nobody in the server does: time passes, the bot is killed, Zoom breaks."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Did:
    """People do something. `what` follows their names: "presses Get my link"."""

    at: datetime
    who: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class SawPrivately:
    """One person sees this and nobody else. `kind`: reply, form, choices, page or direct message."""

    at: datetime
    who: str
    kind: str
    text: str
    briefly: bool = False


@dataclass(frozen=True, slots=True)
class Alike:
    """Many people got the same kind of answer."""

    count: int
    what: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrowdSaw:
    """What many people saw, each for themselves, grouped."""

    at: datetime
    groups: tuple[Alike, ...]


@dataclass(frozen=True, slots=True)
class ChannelShows:
    """A message in a channel is new, or changed, or gone."""

    at: datetime
    channel: str
    change: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One expectation held or not; `instead` says what was there."""

    at: datetime
    held: bool
    expected: str
    instead: str = ""
    briefly: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of some people."""

    who: tuple[str, ...]
    standing: str
    outcome: str


@dataclass(frozen=True, slots=True)
class MeetingHeld:
    """One meeting as Zoom holds it at the end."""

    topic: str
    starts: datetime | None
    approved: int
    cancelled: int
    invite_links: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret where it must not be."""

    secret: str
    place: str


@dataclass(frozen=True, slots=True)
class Closing:
    """The end: who saw what, what Zoom holds, and the search for secrets."""

    fates: tuple[Fate, ...]
    meetings: tuple[MeetingHeld, ...]
    secrets: int
    places: dict[str, int]
    leaks: tuple[Leak, ...]
    held: int
    failed: int
    seconds: float
    bot_said: tuple[str, ...] = field(default_factory=tuple)

    @property
    def well(self) -> bool:
        """Whether every expectation held and nothing leaked."""
        return not self.failed and not self.leaks


@dataclass(frozen=True, slots=True)
class KeptOpen:
    """Everything is left running. `addresses`: where each part listens, by name."""

    addresses: dict[str, str]


Event = Opening | Told | Happened | Did | SawPrivately | CrowdSaw | ChannelShows | Checked | Closing | KeptOpen
