"""The honest summary of a closed door, and the words that belong to it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.containment import Act, Capabilities, Outcome, Step, StepKind, Verdict


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """The last read-back of the meeting: whether the waiting room is on, for everyone. None where Zoom did not say or was not asked.

    `others_admit`: the account lets others than host and co-hosts admit people.
    """

    on: bool | None = None
    for_everyone: bool | None = None
    others_admit: bool | None = None

    @property
    def holds(self) -> bool:
        """Everybody has to be admitted, as far as Zoom says."""
        return self.on is True and self.for_everyone is True


UNREAD = WaitingRoom()


@dataclass(frozen=True, slots=True)
class DoorFacts:
    """What the verdict rests on.

    Args:
        closed: the door is closed in our store, or at least in this process.
        room_locked: a route inside the meeting confirmed Zoom's own lock.
        registration: the meeting has personal links.
        heard: an event of this session came.
        why_failed: in words for the moderator, if the door could not be closed.
    """

    closed: bool
    can: Capabilities
    waiting_room: WaitingRoom = UNREAD
    room_locked: bool = False
    registration: bool = True
    heard: bool = False
    live: bool = True
    why_failed: str = ""


def verdict(facts: DoorFacts) -> Verdict:
    """The strongest that may be said."""
    if not facts.closed:
        return Verdict.FAILED
    if facts.room_locked:
        return Verdict.LOCKED
    if facts.waiting_room.holds:
        return Verdict.HELD
    off = facts.waiting_room.on is False
    if facts.registration and off and facts.heard and facts.can.remove is True:
        return Verdict.GUARDED
    return Verdict.LINKS_STOPPED


@dataclass(frozen=True, slots=True)
class DoorWords:
    """What a moderator is told, and the lines the host needs: to be passed on or pressed in Zoom."""

    title: str
    moderator: str
    host: str


_MANUAL_LOCK = "In Zoom: Host tools > Lock meeting."
_UNSEEN = "I cannot see who joins: no event of this call has reached me."


def door_words(facts: DoorFacts) -> DoorWords:
    """The words that belong to the verdict on these facts."""
    return _WORDS[verdict(facts)](facts)


def _locked(_: DoorFacts) -> DoorWords:
    return DoorWords("Locked", "Zoom has confirmed that the meeting is locked: nobody can enter.", "")


def _held(facts: DoorFacts) -> DoorWords:
    others = (
        " In this Zoom account others than the host and co-hosts can admit people too."
        if facts.waiting_room.others_admit
        else ""
    )
    stranger = (
        " If somebody admits a stranger, I put them out, unless a moderator accepts them first."
        if facts.registration and facts.can.may_remove and facts.heard
        else ""
    )
    unseen = "" if facts.heard or not facts.live else f" {_UNSEEN}"
    return DoorWords(
        "Held at the waiting room",
        "No link leaves any more, and nobody enters unless a host presses Admit."
        f"{others}{stranger}{unseen} I cannot see whether someone turned the waiting room off. To be sure, {_low(_MANUAL_LOCK)}",
        'Admit only names with a tag that are shown here as known. Never press "Admit all".'
        if facts.registration
        else 'Nobody here can be matched to a member: admit only people you recognise. Never press "Admit all".',
    )


def _guarded(_: DoorFacts) -> DoorWords:
    return DoorWords(
        "Guarded",
        "No link leaves any more. The waiting room is off: whoever enters and is not on the list is put out at once; "
        "they may be seen for seconds.",
        f"To let nobody in at all: {_low(_MANUAL_LOCK)}",
    )


def _links_stopped(facts: DoorFacts) -> DoorWords:
    blind = (
        _UNSEEN if not facts.heard and facts.live else "Strangers who enter raise an alarm here, with End in one tap."
    )
    return DoorWords(
        "No new links",
        f"No link leaves any more, but I cannot stop somebody who has the way in already. {blind}",
        f"To let nobody in: {_low(_MANUAL_LOCK)}",
    )


def _failed(facts: DoorFacts) -> DoorWords:
    why = facts.why_failed or "I could not close the door."
    return DoorWords("Not closed", f"{why} Do it by hand: {_low(_MANUAL_LOCK)}", _MANUAL_LOCK)


_WORDS = {
    Verdict.LOCKED: _locked,
    Verdict.HELD: _held,
    Verdict.GUARDED: _guarded,
    Verdict.LINKS_STOPPED: _links_stopped,
    Verdict.FAILED: _failed,
}


def _low(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


MANUAL_REMOVE = "In Zoom: Participants > the name > More > Remove."
MANUAL_REFUSE = "In Zoom: Participants > Waiting room > the name > Remove. Do not press Admit."
MANUAL_END = "In Zoom: End > End meeting for all. Only the host can."

_REASONS: dict[str, str] = {
    "removal_off": "Zoom has not enabled removing for this account. Its owner can ask Zoom's Developer Support to enable participant.remove.",
    "removal_not_permitted": "Zoom does not let the linked Zoom user remove people in this meeting.",
    "meeting_not_running": "Zoom says that this meeting is not running.",
    "participant_unknown": "Zoom no longer finds this person in the meeting.",
    "zoom_scope_missing": "The Zoom app lacks a scope for it; /zoom status names it.",
    "zoom_rate_limited": "Zoom asked to slow down for a whole minute.",
    "zoom_unreachable": "Zoom could not be reached for a minute.",
    "zoom_down": "Zoom has trouble answering.",
    "zoom_daily_limit": "The Zoom account has used up its requests for today.",
    "zoom_token_rejected": "Zoom no longer accepts this bot's access. Somebody has to link the account again with /zoom link.",
    "not_linked": "The Zoom account is not linked any more.",
    "not_confirmed": "Zoom accepted it, but has not confirmed it.",
    "not_void_yet": "Zoom has not confirmed yet that every link is void. I keep trying.",
    "store_silent": "The database does not answer. I keep trying.",
}


def reason(code: str) -> str:
    """Why a step is not done, in a sentence; "" for codes that need none."""
    if not code:
        return ""
    return _REASONS.get(code, f"Zoom refused it ({code}).")


_MANUAL = {
    StepKind.REMOVE: MANUAL_REMOVE,
    StepKind.END: MANUAL_END,
    StepKind.CLOSE_DOOR: _MANUAL_LOCK,
    StepKind.LOCK_ROOM: _MANUAL_LOCK,
}


def by_hand(step: Step) -> str:
    """What a person can press in Zoom for a step that is not done; "" where there is nothing to press or nothing to worry about."""
    if (
        step.outcome in (Outcome.REFUSED, Outcome.UNSUPPORTED, Outcome.UNCONFIRMED)
        and step.code != "participant_unknown"
    ):
        return _MANUAL.get(step.kind, "")
    return ""


NOT_RECORDED = (
    "The database did not answer in time, so I acted first. "
    "What was done is kept in a file of the data folder and entered as soon as it answers."
)
REJOIN_NOTE = (
    "Zoom itself may still refuse them for this call: it can keep out whoever was removed. "
    "The host can change that before the next call at zoom.us > Settings > Meeting > Allow removed participants to rejoin."
)
GUEST_UNTIL_RECONNECT = (
    "Zoom gave no registration for this person, so they count as a guest only until they leave. "
    "If they reconnect, accept them again."
)


def summary(act: Act) -> str:
    """One line on how many removals are where, for the head of a list."""
    removals = act.of_kind(StepKind.REMOVE)
    done = sum(step.outcome is Outcome.DONE for step in removals)
    return f"{done} of {len(removals)} removed" if removals else ""
