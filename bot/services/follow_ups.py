"""The reminder that a report to Zoom lapses unless its sender confirms Zoom's mail: day 3, day 6, and whenever somebody asks for it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable, UserMistake
from bot.domain.incident import CONFIRM_WITHIN, IncidentId, next_reminder, snoozed
from bot.domain.values import MemberId
from bot.ports import Clock, ConfirmationReminder, FollowUp, FollowUpState, PrivateFollowUps, Store, UnitOfWork

TAKEN_FOR = timedelta(minutes=10)
"""When a reminder that was taken up falls due again, in case it was not sent."""
AT_ONCE = 20

_log = structlog.stdlib.get_logger(__name__)


class FollowingUp:
    """Reminds, and takes "done" and "tomorrow" from the person reminded and nobody else."""

    def __init__(self, store: Store, private: PrivateFollowUps, clock: Clock) -> None:
        self._store = store
        self._private = private
        self._clock = clock

    async def sweep(self) -> int:
        """Remind whoever is due; how many were taken up. A repeat within minutes sends nothing twice; what meets an obstacle stays due."""
        now = self._clock.now()
        async with self._store.read() as uow:
            if not await uow.follow_ups.any_due(now):
                return 0
        async with self._store.work() as uow:
            due = await uow.follow_ups.due(now, now + TAKEN_FOR, AT_ONCE)
            await uow.commit()
        for follow_up in due:
            try:
                await self._remind(follow_up)
            except Exception:
                _log.exception("follow_up.bug", incident=follow_up.incident_id)
        return len(due)

    async def done(self, incident_id: IncidentId, member_id: MemberId) -> None:
        """No more reminders for this person about this incident: it is confirmed, or they want none. Twice changes nothing."""
        async with self._store.work() as uow:
            follow_up = await self._theirs(uow, incident_id, member_id)
            await uow.follow_ups.put(replace(follow_up, due_at=None, state=FollowUpState.DONE))
            await self._note(uow, follow_up, "report.reminder_done")
            await uow.commit()

    async def snooze(self, incident_id: IncidentId, member_id: MemberId) -> datetime | None:
        """Remind them again tomorrow; None if the week is over by then. The reminder of day 6 is not lost by it."""
        now = self._clock.now()
        async with self._store.work() as uow:
            follow_up = await self._theirs(uow, incident_id, member_id)
            again = snoozed(follow_up.reported_at, now)
            state = FollowUpState.OVER if again is None else FollowUpState.WAITING
            await uow.follow_ups.put(replace(follow_up, due_at=again, state=state))
            await uow.commit()
        return again

    async def _remind(self, follow_up: FollowUp) -> None:
        now = self._clock.now()
        until = follow_up.reported_at + CONFIRM_WITHIN
        if now >= until:
            await self._settle(replace(follow_up, due_at=None, state=FollowUpState.OVER), "report.reminder_late")
            return
        async with self._store.read() as uow:
            incident = await uow.incidents.get(follow_up.incident_id)
        if incident is None:
            return
        reminder = ConfirmationReminder(
            incident.incident_id, incident.guild_id, incident.number, follow_up.reported_at, until, follow_up.owner
        )
        try:
            await self._private.ask_confirmation(follow_up.member_id, reminder)
        except Undeliverable:
            await self._settle(
                replace(follow_up, due_at=None, state=FollowUpState.UNDELIVERABLE), "report.reminder_undeliverable"
            )
        except (Transient, OutcomeUnknown, NeedsAttention) as error:
            wait = error.retry_after if isinstance(error, Transient) else None
            await self._settle(replace(follow_up, due_at=now + (wait or TAKEN_FOR)), None)
        else:
            again = next_reminder(follow_up.reported_at, now)
            state = FollowUpState.OVER if again is None else FollowUpState.WAITING
            await self._settle(replace(follow_up, due_at=again, state=state), "report.reminded")

    async def _settle(self, follow_up: FollowUp, action: str | None) -> None:
        """Keep what became of it, unless the person has pressed Done meanwhile."""
        async with self._store.work() as uow:
            current = await uow.follow_ups.get(follow_up.incident_id, follow_up.member_id)
            if current is None or current.state is not FollowUpState.WAITING:
                return
            await uow.follow_ups.put(follow_up)
            if action is not None:
                await self._note(uow, follow_up, action)
            await uow.commit()

    async def _note(self, uow: UnitOfWork, follow_up: FollowUp, action: str) -> None:
        """Without the person: who is reminded of a report may be who reported."""
        incident = await uow.incidents.get(follow_up.incident_id)
        facts = {"incident": 0 if incident is None else incident.number, "owner": follow_up.owner}
        await uow.audit.append(follow_up.guild_id, action, at=self._clock.now(), actor=None, facts=facts)

    async def _theirs(self, uow: UnitOfWork, incident_id: IncidentId, member_id: MemberId) -> FollowUp:
        follow_up = await uow.follow_ups.get(incident_id, member_id)
        if follow_up is None:
            raise UserMistake(
                "There is no reminder of yours any more: it is over and erased.", code="follow_up_unknown"
            )
        return follow_up
