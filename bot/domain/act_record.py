"""An act as plain data, for the file that keeps it while the store is silent: ids, codes and moments, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.containment import Act, ActKind, Outcome, Step, StepKind, Verdict
from bot.domain.values import (
    ActId,
    GuestId,
    GuildId,
    InviteId,
    MeetingId,
    MemberId,
    ParticipantId,
    SessionId,
)

Record = Mapping[str, object]


def as_record(act: Act) -> Record:
    """The act as JSON can hold it."""
    return {
        "act_id": act.act_id,
        "kind": act.kind.value,
        "guild_id": act.guild_id,
        "meeting_id": act.meeting_id,
        "session_id": act.session_id,
        "actor": act.actor,
        "at": act.at.isoformat(),
        "target": act.target,
        "held_back": list(act.held_back),
        "pick_list": list(act.pick_list),
        "verdict": None if act.verdict is None else act.verdict.value,
        "steps": [_step_record(step) for step in act.steps],
    }


def from_record(record: Record) -> Act:
    """The act of a record. It stands in no store yet.

    Raises:
        ValueError: this is no record of an act.
    """
    try:
        return _act(dict(record))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the record of an act") from error


def _act(record: dict[str, object]) -> Act:
    session_id, actor, verdict = record["session_id"], record["actor"], record["verdict"]
    return Act(
        act_id=ActId(_text(record["act_id"])),
        kind=ActKind(record["kind"]),
        guild_id=GuildId(_number(record["guild_id"])),
        meeting_id=MeetingId(_text(record["meeting_id"])),
        session_id=None if session_id is None else SessionId(_text(session_id)),
        actor=None if actor is None else MemberId(_number(actor)),
        at=datetime.fromisoformat(_text(record["at"])),
        steps=tuple(map(_step, _list(record["steps"]))),
        target=_text(record["target"]),
        held_back=tuple(ParticipantId(_text(each)) for each in _list(record["held_back"])),
        pick_list=tuple(ParticipantId(_text(each)) for each in _list(record["pick_list"])),
        recorded=False,
        verdict=None if verdict is None else Verdict(verdict),
    )


def _step_record(step: Step) -> Record:
    return {
        "kind": step.kind.value,
        "participant": step.participant,
        "member_id": step.member_id,
        "invite_id": step.invite_id,
        "guest_id": step.guest_id,
        "outcome": step.outcome.value,
        "code": step.code,
        "count": step.count,
        "at": None if step.at is None else step.at.isoformat(),
    }


def _step(found: object) -> Step:
    if not isinstance(found, dict):
        raise TypeError("not a step")
    participant, member_id, invite_id, guest_id = (
        found[name] for name in ("participant", "member_id", "invite_id", "guest_id")
    )
    return Step(
        kind=StepKind(found["kind"]),
        participant=None if participant is None else ParticipantId(_text(participant)),
        member_id=None if member_id is None else MemberId(_number(member_id)),
        invite_id=None if invite_id is None else InviteId(_text(invite_id)),
        guest_id=None if guest_id is None else GuestId(_text(guest_id)),
        outcome=Outcome(found["outcome"]),
        code=_text(found["code"]),
        count=None if found["count"] is None else _number(found["count"]),
        at=None if found["at"] is None else datetime.fromisoformat(_text(found["at"])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("not a number")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value
