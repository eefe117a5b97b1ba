"""Registrations that did not come through the bot: denied at Zoom, and told to the moderators.

Ours are known by the address, which stands with the invite before Zoom is asked for it: the event may come before Zoom's answer does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bot.domain.errors import NeedsAttention, UserMistake
from bot.domain.meeting import Meeting
from bot.domain.values import MeetingId, RegistrantId
from bot.ports import AlertKind, Chance, Clock, IncomingEvent, Job, MeetingProvider, Store
from bot.services.alerting import about
from bot.services.intake import KINDS

AddressHashes = Callable[[str], Collection[str]]
"""The keyed hashes an address may have in an event: one for each key that events may have been hashed with."""


class ForeignRegistrations:
    """The job behind every registration that Zoom reports."""

    def __init__(
        self, store: Store, provider: MeetingProvider, clock: Clock, chance: Chance, hashes: AddressHashes
    ) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._chance = chance
        self._hashes = hashes

    async def check(self, meeting_id: MeetingId) -> None:
        """Deny whoever is not ours. A repeat finds nothing waiting, or denies the same people again.

        Raises:
            Transient, OutcomeUnknown: Zoom does not answer; the events stay, and the check is put back.
        """
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            waiting = await uow.inbox.waiting(meeting_id, KINDS[Job.CHECK_REGISTRATIONS])
            ours = await uow.inbox.addresses(meeting_id)
        if not waiting:
            return
        known_ids = {registrant for registrant in ours.values() if registrant}
        known_hashes = {hashed for address in ours for hashed in self._hashes(address)}
        strangers = list(
            dict.fromkeys(
                RegistrantId(str(event.facts["registrant_id"]))
                for event in waiting
                if _foreign(event, known_ids, known_hashes)
            )
        )
        denied = True
        if strangers and meeting is not None and meeting.upcoming:
            denied = await self._denied(meeting, strangers)
        async with self._store.work() as uow:
            await uow.inbox.handled([event.key for event in waiting], self._clock.now())
            if strangers and meeting is not None and meeting.upcoming:
                now = self._clock.now()
                alert = about(meeting, AlertKind.REGISTERED_BY_HAND, self._chance.new_id(), now)
                await uow.alerts.put(replace(alert, count=len(strangers), done=denied))
                facts = {"count": len(strangers), "denied": denied}
                await uow.audit.append(
                    meeting.guild_id, "registration.foreign", at=now, actor=None, meeting=meeting_id, facts=facts
                )
            await uow.commit()

    async def _denied(self, meeting: Meeting, strangers: Sequence[RegistrantId]) -> bool:
        """Whether Zoom's own lists no longer show them; False also where Zoom refuses, so that a person does it by hand."""
        if meeting.zoom_id is None:
            return False
        try:
            return not await self._provider.deny_registrants(meeting.link_id, meeting.zoom_id, strangers)
        except (NeedsAttention, UserMistake):
            return False


def _foreign(event: IncomingEvent, ids: Collection[str], hashes: Collection[str]) -> bool:
    registrant, address = event.facts.get("registrant_id"), event.facts.get("email_hash")
    return bool(registrant) and registrant not in ids and address not in hashes
