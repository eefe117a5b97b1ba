"""What is done about leaked links, put together: the message command, the alerts, the jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.adapters.store.jobs_worker import HOUSEKEEPING
from bot.adapters.store.unit_of_work import SqlStore
from bot.ports import Chance, Clock, Job, LeakMessages, LinkRules, MeetingProvider, Store
from bot.services.announcing import Announcing
from bot.services.creating import Creating
from bot.services.leaks import Leaks
from bot.services.link_guard import LinkGuard
from bot.services.meeting_rotation import MeetingRotation
from bot.services.revoking import Revoking
from bot.services.risk_alerts import RiskAlerts
from bot.services.upkeep import Handler

CHECK_RULES = "leaks.check_rules"


@dataclass(frozen=True)
class LeakWatch:
    """The use cases, and the handlers of the jobs they ask for. Each may run twice without harm; its use case says why."""

    leaks: Leaks
    rotation: MeetingRotation
    announcing: Announcing
    risks: RiskAlerts
    guard: LinkGuard

    def handlers(self) -> Mapping[Job, Handler]:
        """Which job runs which use case."""
        return {
            Job.TELL_HOLDERS: self.leaks.tell_holders,
            Job.ROTATE: self.rotation.go_on,
            Job.FINISH_ROTATION: self.rotation.finish,
            Job.NOTIFY_ROTATED: self.announcing.notify_rotated,
            Job.CHECK_RISK: self.risks.check,
        }

    def register_looks(self, store: SqlStore) -> None:
        """The AutoMod rules are looked at every quarter of an hour."""
        store.jobs.register(CHECK_RULES, _checking(self.guard), queue=HOUSEKEEPING, cron="7,22,37,52 * * * *")


def leak_watch(
    store: Store,
    provider: MeetingProvider,
    messages: LeakMessages,
    rules: LinkRules,
    creating: Creating,
    revoking: Revoking,
    announcing: Announcing,
    clock: Clock,
    chance: Chance,
) -> LeakWatch:
    """All of it."""
    return LeakWatch(
        Leaks(store, messages, revoking, clock, chance),
        MeetingRotation(store, provider, creating, revoking, clock, chance),
        announcing,
        RiskAlerts(store, clock, chance),
        LinkGuard(store, rules, clock),
    )


def _checking(guard: LinkGuard) -> Callable[..., Awaitable[None]]:
    async def check() -> None:
        """Harmless twice: it looks twice."""
        await guard.check_all()

    return check
