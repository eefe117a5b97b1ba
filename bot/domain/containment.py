"""Containment: what a moderator can do about a live meeting, as acts made of steps, each with what is known of its outcome.

An act is a plan (`domain/plans.py`) that is carried out and confirmed. Nothing here says more than is known: a step is DONE only when an event of
Zoom's or a read-back of its state confirms it; ACCEPTED means that Zoom took the request and no more. Verdict and words: `domain/verdict.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.meeting import Door
from bot.domain.values import ActId, GuestId, GuildId, InviteId, MeetingId, MemberId, ParticipantId, SessionId

__all__ = [
    "CONFIRM_WITHIN",
    "Act",
    "ActKind",
    "Capabilities",
    "Door",
    "Outcome",
    "Step",
    "StepKind",
    "Verdict",
]

CONFIRM_WITHIN = timedelta(seconds=15)
"""How long Zoom's event may take to confirm what Zoom accepted, before the moderator is told what to press in Zoom."""


SAME_PRESS = timedelta(seconds=10)
"""Within this time the same press by anybody is one press."""


class ActKind(Enum):
    """What somebody asked for, or what the closed door did by itself."""

    LOCK = "lock"
    UNLOCK = "unlock"
    REMOVE = "remove"
    UNDO = "undo"
    END = "end"
    EMERGENCY = "emergency"
    ACCEPT_GUEST = "accept_guest"
    PUT_OUT = "put_out"
    """The closed door put somebody out who is not on the list; nobody pressed anything."""


class StepKind(Enum):
    """One thing that is done. Those with a participant carry `participant`, those with an invite `invite_id` and `member_id`."""

    CLOSE_DOOR = "close_door"
    """No link leaves any more."""
    OPEN_DOOR = "open_door"
    LOCK_ROOM = "lock_room"
    """Zoom's own lock, where a route inside the meeting can turn it."""
    READ_BACK = "read_back"
    """See at Zoom whether the waiting room is on for everyone."""
    REMOVE = "remove"
    """Put a participant out of the running meeting."""
    REVOKE_INVITE = "revoke_invite"
    """Make one person's link void."""
    BAR_MEMBER = "bar_member"
    """No new link for this member in this meeting."""
    LIFT_BAR = "lift_bar"
    CANCEL_UNUSED = "cancel_unused"
    """Make void every link whose holder was neither in the room nor in the waiting room in this session."""
    END = "end"
    """End the meeting for everyone."""
    ACCEPT_GUEST = "accept_guest"


URGENT = frozenset({StepKind.END, StepKind.REMOVE, StepKind.LOCK_ROOM})
"""What starts at once and side by side."""


class Outcome(Enum):
    """What is known of a step."""

    PENDING = "pending"
    """Not done yet, or being tried again."""
    ACCEPTED = "accepted"
    """Zoom took it; it is not confirmed yet."""
    DONE = "done"
    """Confirmed by Zoom's event or a read-back; of a step of our own: committed."""
    REFUSED = "refused"
    """Zoom said no; `code` says why."""
    UNSUPPORTED = "unsupported"
    """Zoom does not let us do this on this account."""
    UNCONFIRMED = "unconfirmed"
    """Zoom took it or did not answer, and nothing has confirmed it in time. A late confirmation still makes it DONE."""


class Verdict(Enum):
    """The honest summary of a closed door, from strongest to weakest."""

    LOCKED = "locked"
    HELD = "held"
    GUARDED = "guarded"
    LINKS_STOPPED = "links_stopped"
    FAILED = "failed"


_CERTAINTY = {
    Outcome.PENDING: 0,
    Outcome.ACCEPTED: 1,
    Outcome.UNCONFIRMED: 2,
    Outcome.UNSUPPORTED: 3,
    Outcome.REFUSED: 3,
    Outcome.DONE: 4,
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done with a running meeting of one account now, by all routes together.

    Args:
        remove: True once a removal was confirmed on this account, False after Zoom refused one, None while untested.
        lock: a route inside the meeting can lock it and confirm that it is locked.
        end: it can be ended for everyone.
    """

    remove: bool | None = None
    lock: bool = False
    end: bool = True

    @property
    def may_remove(self) -> bool:
        """Untested counts as possible: the first real stranger is the test."""
        return self.remove is not False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, by ids only, and what is known of it.

    Args:
        code: stable word that says why it is not DONE ("" where there is nothing to say); see `verdict.step_words`.
        count: how many links CANCEL_UNUSED is about, None while not counted.
        at: when its outcome became known.
    """

    kind: StepKind
    participant: ParticipantId | None = None
    member_id: MemberId | None = None
    invite_id: InviteId | None = None
    guest_id: GuestId | None = None
    outcome: Outcome = Outcome.PENDING
    code: str = ""
    count: int | None = None
    at: datetime | None = None

    @property
    def key(self) -> str:
        """The same for the same thing to do within an act."""
        return f"{self.kind.value}:{self.participant or self.invite_id or self.guest_id or self.member_id or ''}"

    @property
    def settled(self) -> bool:
        """Nothing more will be tried; only UNCONFIRMED may still become DONE."""
        return self.outcome not in (Outcome.PENDING, Outcome.ACCEPTED)

    def turned(self, outcome: Outcome, at: datetime, code: str = "", *, count: int | None = None) -> Step:
        """With a newer outcome. What is more certain already stays."""
        if _CERTAINTY[outcome] < _CERTAINTY[self.outcome]:
            return self
        return replace(self, outcome=outcome, code=code, at=at, count=self.count if count is None else count)


@dataclass(frozen=True, slots=True)
class Act:
    """One act of containment: who asked for what in which meeting, its steps, and what is known of them.

    Args:
        actor: who pressed; None for what the closed door does by itself.
        target: the participant, member or invite it is about, as text; "" for the whole meeting. The same kind and target in one meeting coalesce.
        held_back: participants who have host rights or are not ours to remove by the bulk; the moderator decides about each.
        pick_list: participants nobody can match, newest first, for the moderator to choose from (meetings without registration).
        recorded: the intent is in the store; False while it stands only in the data folder's file.
        verdict: of the door, for LOCK and EMERGENCY, once it is known.
    """

    act_id: ActId
    kind: ActKind
    guild_id: GuildId
    meeting_id: MeetingId
    session_id: SessionId | None
    actor: MemberId | None
    at: datetime
    steps: tuple[Step, ...]
    target: str = ""
    held_back: tuple[ParticipantId, ...] = ()
    pick_list: tuple[ParticipantId, ...] = ()
    recorded: bool = True
    verdict: Verdict | None = None

    @property
    def settled(self) -> bool:
        """Nothing more will be tried."""
        return all(step.settled for step in self.steps)

    def joinable(self, now: datetime) -> bool:
        """Whether the same press now means this act: it was pressed a moment ago, or what is urgent of it is still going on."""
        urgent = any(step.kind in URGENT and not step.settled for step in self.steps)
        return urgent or now - self.at < SAME_PRESS

    def overtaken(self, door: Door) -> bool:
        """Whether the door is not as this act has left it: the other way was pressed since, so this press is not that one. Also what was done here
        and is not written down yet was done.
        """
        done = {step.kind for step in self.steps if step.outcome in (Outcome.ACCEPTED, Outcome.DONE)}
        wants = {StepKind.CLOSE_DOOR: Door.CLOSED, StepKind.OPEN_DOOR: Door.OPEN}
        return any(kind in done and door is not left for kind, left in wants.items())

    @property
    def running_key(self) -> str:
        """Acts with the same key are the same press."""
        return f"{self.meeting_id}:{self.kind.value}:{self.target}"

    def step(self, key: str) -> Step | None:
        """The step with this key."""
        return next((step for step in self.steps if step.key == key), None)

    def of_kind(self, kind: StepKind) -> tuple[Step, ...]:
        """The steps of one kind, in order."""
        return tuple(step for step in self.steps if step.kind is kind)

    def with_steps(self, changed: Iterable[Step]) -> Act:
        """With these steps in place of those with the same key; what is more certain already stays, what is new is added at the end."""
        news = {step.key: step for step in changed}
        merged = [_surer(step, news.pop(step.key, step)) for step in self.steps]
        return replace(self, steps=(*merged, *news.values()))


def _surer(old: Step, new: Step) -> Step:
    return old if _CERTAINTY[new.outcome] < _CERTAINTY[old.outcome] else new
