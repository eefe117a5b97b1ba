"""Writing acts down: the intent before anything is done, if the store answers in time, and what came of it afterwards.

What only our own store has to do (close the door, bar a member) is done in the commit that keeps the intent. If the store is silent, the act goes on,
its record (ids only) lies in the spool, and is written as soon as the store answers: before any newer act of the same meeting, so that an old Lock
never follows a newer Unlock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.containment import Act, ActKind, Door, Outcome, Step, StepKind
from bot.domain.errors import NeedsAttention, Transient
from bot.domain.meeting import MeetingState
from bot.domain.values import MeetingId
from bot.ports import Clock, DueItem, Job, Store, UnitOfWork
from bot.ports.containment import ClosedDoor, IncidentOpener
from bot.ports.spool import Spool
from bot.services.patience import StorePatience, StoreSilent
from bot.services.revoking import Revoking
from bot.services.standby import StandBy

LEASE = timedelta(seconds=30)
"""How long an act belongs to the process that works on it, from its last sign; then a job goes on with it."""
OURS = frozenset(
    {
        StepKind.CLOSE_DOOR,
        StepKind.OPEN_DOOR,
        StepKind.BAR_MEMBER,
        StepKind.LIFT_BAR,
        StepKind.ACCEPT_GUEST,
    }
)
"""Steps that are done when our store has them."""

NOT_KEPT = "not_kept"
"""Code of a step that stands nowhere but in the memory of this process."""

_log = structlog.stdlib.get_logger(__name__)


class Recording:
    """Keeps acts, in the store or, while it is silent, in the spool.

    Args:
        incidents: told of every emergency, in the commit that keeps it; None where nobody keeps incidents.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        standby: StandBy,
        revoking: Revoking,
        clock: Clock,
        patience: StorePatience,
        incidents: IncidentOpener | None = None,
    ) -> None:
        self._store = store
        self._spool = spool
        self._standby = standby
        self._revoking = revoking
        self._clock = clock
        self._patience = patience
        self._incidents = incidents
        self._all_entered = False

    async def begin(self, act: Act, door: ClosedDoor | None, *, silent: bool = False) -> Act:
        """Keep the intent; the act as it is now, or the same act that is going on already.

        Args:
            door: what the door is closed on, for acts that close it.
            silent: the store was silent a moment ago, so it is not waited for again.
        """
        writing = self._patience.begun(self._written_first(act, door))
        try:
            return await self._patience.wait(writing, seconds=0.0 if silent else None)
        except StoreSilent:
            return await self._to_spool(act)

    async def begin_in_store(self, act: Act) -> Act:
        """As `begin`, for what can wait for the store.

        Raises:
            Transient, NeedsAttention: the store cannot keep it now; nothing was done.
        """
        begun = await self._written(act, None)
        if begun.act_id == act.act_id:
            await self._seen_in_store(act)
        return begun

    async def keep(self, act: Act) -> Act:
        """Keep what is known of the act now, and audit what is new of it. The act as it is kept, `recorded` or still only in the spool."""
        try:
            return await self._patience.of(self._saved(act))
        except StoreSilent:
            return await self._to_spool(act)

    async def replay(self) -> Sequence[Act]:
        """Enter what lies in the spool; those acts as they are kept now. Entering one twice changes nothing: the store knows it by its id.

        Raises:
            Transient, NeedsAttention: the store does not answer yet.
        """
        waiting = await self._spool.waiting()
        return [await self._saved(act) for act in waiting]

    async def _written_first(self, act: Act, door: ClosedDoor | None) -> Act:
        """As `_written`. The act need not wait for the look that follows: until then this process knows by itself what was closed here."""
        begun = await self._written(act, door)
        if begun.act_id == act.act_id:
            _ = self._patience.begun(self._seen_in_store(act))
        return begun

    async def _written(self, act: Act, door: ClosedDoor | None) -> Act:
        waiting = await self._spooled_of(act.meeting_id)
        async with self._store.work(urgent=True) as uow:
            for spooled in waiting:
                await self._bring_up_to_date(uow, spooled)
            entered = await self._entered(uow, act, door, replayed=False)
            if entered.act_id == act.act_id:
                await uow.commit()
        if entered.act_id == act.act_id:
            await self._no_longer_spooled(waiting)
        return entered

    async def _saved(self, act: Act) -> Act:
        """The act as it is kept; what is older of its meeting and still in the spool is kept first."""
        older = [each for each in await self._spooled_of(act.meeting_id) if each.act_id < act.act_id]
        async with self._store.work(urgent=True) as uow:
            for each in older:
                await self._bring_up_to_date(uow, each)
            kept = await self._bring_up_to_date(uow, act)
            await uow.commit()
        await self._no_longer_spooled((*older, act))
        await self._seen_in_store(act)
        return kept

    async def _bring_up_to_date(self, uow: UnitOfWork, act: Act) -> Act:
        known = await uow.acts.get(act.act_id)
        if known is None:
            known = await self._entered(uow, act, self._door(act), replayed=True)
            if known.act_id != act.act_id:  # the same was pressed elsewhere and is going on there
                return act
        merged = replace(known.with_steps(act.steps), verdict=act.verdict or known.verdict)
        lease_until = None if merged.settled else self._clock.now() + LEASE
        await uow.acts.save(merged, lease_until)
        before = {step.key: step.outcome for step in known.steps}
        for step in merged.steps:
            if step.outcome is not before.get(step.key):
                await self._audit(uow, act, f"step.{step.kind.value}", _facts(act, step))
                if step.kind is StepKind.END and step.outcome is Outcome.DONE:
                    await self._end(uow, act)
        if lease_until is not None:
            await uow.agenda.put(DueItem(Job.CONTAIN, act.meeting_id, lease_until))
        return replace(merged, recorded=True)

    async def _entered(self, uow: UnitOfWork, act: Act, door: ClosedDoor | None, *, replayed: bool) -> Act:
        """Within the transaction: the act is kept, and what our own store has to do is done with it. Another act if the same is going on."""
        now = self._clock.now()
        ours = [step.turned(Outcome.DONE, now) for step in act.steps if step.kind in OURS]
        done = act.with_steps(ours)
        meeting = await uow.meetings.get(act.meeting_id)
        if meeting is None:
            return done
        running = await uow.acts.running(act.running_key)
        if running is not None and (not running.joinable(now) or running.overtaken(meeting.door)):
            await uow.acts.let_go(running.act_id)
        if not await uow.acts.begin(done, now + LEASE):
            return await uow.acts.running(act.running_key) or done
        for step in act.steps:
            await self._carry_out_ours(uow, act, step, door)
        facts: dict[str, str | int | bool | None]
        facts = {"act": act.act_id, "steps": len(act.steps), "target": act.target, "replayed": replayed}
        await self._audit(uow, act, f"act.{act.kind.value}", facts)
        await uow.agenda.put(DueItem(Job.CONTAIN, act.meeting_id, now + LEASE))
        if act.kind is ActKind.EMERGENCY and self._incidents is not None:
            await self._incidents.opened(uow, act.guild_id, act.meeting_id, act.session_id, act.actor, act.kind.value)
        return done

    async def _carry_out_ours(self, uow: UnitOfWork, act: Act, step: Step, door: ClosedDoor | None) -> None:
        """The part of one step that is our own store's. Twice is once."""
        meeting_id, member_id = act.meeting_id, step.member_id
        if step.kind is StepKind.CLOSE_DOOR:
            await self._turn_door(uow, meeting_id, Door.CLOSED)
            await uow.doors.close(door or ClosedDoor(meeting_id, act.at))
        elif step.kind is StepKind.OPEN_DOOR:
            await self._turn_door(uow, meeting_id, Door.OPEN)
            await uow.doors.open(meeting_id)
        elif step.kind is StepKind.BAR_MEMBER and member_id is not None:
            await uow.doors.bar(meeting_id, member_id, act.actor, act.at)
        elif step.kind is StepKind.LIFT_BAR and member_id is not None:
            await uow.doors.lift(meeting_id, member_id)
        elif step.kind is StepKind.REVOKE_INVITE:
            await self._revoke(uow, act, step)
        elif step.kind is StepKind.ACCEPT_GUEST and step.participant and act.session_id and act.actor:
            await uow.roster.hold(act.session_id, meeting_id)
            await uow.roster.accept(act.session_id, step.participant, act.actor, act.at)

    async def _turn_door(self, uow: UnitOfWork, meeting_id: MeetingId, door: Door) -> None:
        meeting = await uow.meetings.get(meeting_id)
        if meeting is not None and meeting.door is not door:
            await uow.meetings.save(meeting.changed(door=door))

    async def _revoke(self, uow: UnitOfWork, act: Act, step: Step) -> None:
        meeting = await uow.meetings.get(act.meeting_id)
        if step.guest_id is not None:
            guest = await uow.guests.get(step.guest_id)
            if guest is not None and guest.current:
                await self._revoking.revoke_guest(uow, guest)
                await self._audit(uow, act, "guest.revoked", {"tag": guest.tag, "why": act.kind.value})
        elif step.member_id is not None and meeting is not None:
            invite = await uow.invites.current(act.meeting_id, step.member_id)
            if invite is not None and step.invite_id in (None, invite.invite_id):
                await self._revoking.revoke(uow, meeting, invite, why=act.kind.value, actor=act.actor)

    async def _end(self, uow: UnitOfWork, act: Act) -> None:
        """Zoom has confirmed our End: the meeting is over for good, and its links and passcode are erased."""
        meeting = await uow.meetings.get(act.meeting_id)
        if meeting is not None and meeting.upcoming:
            await uow.meetings.save(meeting.changed(state=MeetingState.ENDED))
            await uow.meetings.forget_secrets(act.meeting_id)
            await uow.jobs.put(Job.ANNOUNCE, act.meeting_id)
            await self._audit(uow, act, "meeting.ended", {"act": act.act_id})

    async def _audit(
        self, uow: UnitOfWork, act: Act, action: str, facts: Mapping[str, str | int | bool | None]
    ) -> None:
        await uow.audit.append(
            act.guild_id, action, at=self._clock.now(), actor=act.actor, meeting=act.meeting_id, facts=facts
        )

    def _door(self, act: Act) -> ClosedDoor | None:
        """What the door was closed on, as far as this process still knows."""
        standing = self._standby.recall(act.meeting_id)
        return None if standing is None else standing.door

    async def _to_spool(self, act: Act) -> Act:
        """Where not even the file can be written in time, the act goes on all the same: doing comes before writing. Its own steps failed then."""
        self._all_entered = False
        outcome, code = Outcome.ACCEPTED, StoreSilent.code
        try:
            await self._patience.of_file(self._spool.put(act))
        except (NeedsAttention, Transient) as error:
            _log.error("act.not_kept", act=act.act_id, code=error.code)
            outcome, code = Outcome.REFUSED, NOT_KEPT
        ours = [step.turned(outcome, self._clock.now(), code) for step in act.steps if step.kind in OURS]
        return replace(act.with_steps(ours), recorded=False)

    async def _spooled_of(self, meeting_id: MeetingId) -> Sequence[Act]:
        if self._all_entered:
            return ()
        return [act for act in await self._spool.waiting() if act.meeting_id == meeting_id]

    async def _no_longer_spooled(self, spooled: Sequence[Act]) -> None:
        if not self._all_entered:
            for act in spooled:
                await self._spool.drop(act.act_id)
            self._all_entered = not await self._spool.waiting()

    async def _seen_in_store(self, kept: Act) -> None:
        await self._standby.look(kept.meeting_id)
        self._standby.in_store(kept.meeting_id, kept.at)


def _facts(act: Act, step: Step) -> Mapping[str, str | int | bool | None]:
    return {
        "act": act.act_id,
        "outcome": step.outcome.value,
        "code": step.code,
        "participant": step.participant,
        "invite": step.invite_id,
        "count": step.count,
    }
