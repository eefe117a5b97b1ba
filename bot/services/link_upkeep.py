"""What happens to links by itself: requests that are over are ended, owners of dead grants are asked once."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.errors import NeedsAttention, OutcomeUnknown, Transient, Undeliverable
from bot.domain.values import LinkId
from bot.ports import Chat, Clock, LinkJob, LinkRequestId, LinkState, OwnerAsk, Store
from bot.services.link_requests import LinkRequests

LOOK_AGAIN_AFTER = timedelta(minutes=1)
"""When what was taken up falls due again, in case it could not be done."""
AT_ONCE = 50


class LinkUpkeep:
    """The sweep and the handlers of all jobs on links. Each may run twice without harm."""

    def __init__(self, store: Store, requests: LinkRequests, chat: Chat, clock: Clock) -> None:
        self._store = store
        self._requests = requests
        self._chat = chat
        self._clock = clock

    async def sweep(self) -> int:
        """Turn what is due into jobs, in one transaction; returns how many. Two sweeps at once take each once."""
        now = self._clock.now()
        async with self._store.work() as uow:
            over = await uow.link_requests.due(now, now + LOOK_AGAIN_AFTER, AT_ONCE)
            for request_id in over:
                await uow.link_jobs.put(LinkJob.EXPIRE_REQUEST, request_id)
            asks = await uow.grants.due_asks(now, now + LOOK_AGAIN_AFTER, AT_ONCE)
            for link_id in asks:
                await uow.link_jobs.put(LinkJob.ASK_OWNER, link_id)
            await uow.link_requests.forget_spent(now)
            await uow.commit()
        return len(over) + len(asks)

    async def run(self, job: LinkJob, subject: str) -> None:
        """Do one job. What a passing obstacle prevents falls due again by itself."""
        try:
            if job is LinkJob.EXPIRE_REQUEST:
                await self._requests.expire(LinkRequestId(subject))
            else:
                await self.ask_owner(LinkId(subject))
        except (NeedsAttention, OutcomeUnknown, Transient):
            return

    async def ask_owner(self, link_id: LinkId) -> None:
        """Ask the owner of a dead grant to link again. Harmless twice: once asked, or linked again, nothing is due any more."""
        async with self._store.read() as uow:
            link = await uow.links.get(link_id)
        if link is None:
            return
        outcome = None
        if link.state is LinkState.BROKEN and link.owner is not None:
            outcome = "link.owner_asked"
            try:
                await self._chat.ask_owner(link.owner, OwnerAsk(link.guild_id, link_id, link.hint))
            except Undeliverable:
                outcome = "link.owner_not_reached"
        async with self._store.work() as uow:
            await uow.grants.ask_owner_at(link_id, None)
            if outcome is not None:
                await uow.audit.append(link.guild_id, outcome, at=self._clock.now(), actor=None, subject=link.owner)
            await uow.commit()
