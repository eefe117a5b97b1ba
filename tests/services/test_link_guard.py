"""The AutoMod rule against Zoom links: made when asked, watched, put right in one press; what it blocks is told without the words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.community import MemberFacts
from bot.domain.errors import UserMistake
from bot.domain.link_rule import BLOCKED_MESSAGE, PATTERNS, RuleHealth
from bot.domain.values import ChannelId, MemberId, RuleId
from bot.ports import Alert, AlertKind, AlertOutcome, BlockedTry
from bot.services.link_guard import KEEP_TRIES
from tests.services.conftest import (
    ANA,
    BEN,
    CALLS,
    GUILD,
    MALLORY,
    MODERATOR,
    VERIFIED,
    Vestibule,
    on_both_stores,
    opened_vestibule,
)


def admin(v: Vestibule) -> MemberFacts:
    return v.person(MemberId(46), manages_guild=True)


async def alerts(v: Vestibule, kind: AlertKind) -> list[Alert]:
    await v.alerting.sweep()
    return [alert for alert in v.alerts.latest if alert.kind is kind]


def test_rule_fits_discords_limits() -> None:
    assert len(PATTERNS) <= 10
    assert all(len(pattern) <= 260 and "(?=" not in pattern and "(?<" not in pattern for pattern in PATTERNS)
    assert len(BLOCKED_MESSAGE) <= 150


async def test_offered_made_once_and_taken_away_again(vestibule: Vestibule) -> None:
    v, guard = vestibule, vestibule.watched.guard
    assert (await guard.show(admin(v), GUILD)).health is RuleHealth.OFF
    for _ in range(2):
        assert (await guard.switch_on(admin(v), GUILD)).health is RuleHealth.HEALTHY
    assert v.link_rules.ours is not None
    assert v.link_rules.ours.rule_id == RuleId(501)
    assert (await guard.switch_off(admin(v), GUILD)).health is RuleHealth.OFF
    assert v.link_rules.ours is None
    with pytest.raises(UserMistake, match="Manage Server"):
        await guard.show(v.person(BEN, MODERATOR), GUILD)


async def test_full_server_is_told_what_to_delete(vestibule: Vestibule) -> None:
    v, guard = vestibule, vestibule.watched.guard
    v.link_rules.others = 6
    assert not (await guard.show(admin(v), GUILD)).room
    with pytest.raises(UserMistake, match="Delete one"):
        await guard.switch_on(admin(v), GUILD)


@pytest.mark.parametrize(
    ("change", "health"),
    [
        (lambda _: None, RuleHealth.MISSING),
        (lambda rule: replace(rule, enabled=False), RuleHealth.DISABLED),
        (lambda rule: replace(rule, patterns=rule.patterns[:1]), RuleHealth.CHANGED),
        (lambda rule: replace(rule, blocks=False), RuleHealth.CHANGED),
    ],
)
async def test_what_somebody_did_to_the_rule_is_said_once_and_repaired_in_one_press(
    vestibule: Vestibule, change: object, health: RuleHealth
) -> None:
    v, guard = vestibule, vestibule.watched.guard
    await guard.switch_on(admin(v), GUILD)
    v.link_rules.ours = change(v.link_rules.ours)  # type: ignore[operator]
    for _ in range(2):
        await guard.check_all()
    (alert,) = await alerts(v, AlertKind.LINK_RULE)
    assert alert.subject == health.value
    assert (await guard.switch_on(admin(v), GUILD)).health is RuleHealth.HEALTHY
    (alert,) = await alerts(v, AlertKind.LINK_RULE)
    assert alert.outcome is AlertOutcome.PUT_RIGHT


async def test_patterns_and_exemptions_somebody_added_are_no_problem(vestibule: Vestibule) -> None:
    v, guard = vestibule, vestibule.watched.guard
    await guard.switch_on(admin(v), GUILD)
    assert v.link_rules.ours is not None
    v.link_rules.ours = replace(v.link_rules.ours, patterns=(*PATTERNS, "other"), exempt=2)
    view = await guard.show(admin(v), GUILD)
    assert (view.health, view.exempt) == (RuleHealth.HEALTHY, 2)


async def test_lost_permission_is_said_and_nothing_else_is_stopped_by_it(vestibule: Vestibule) -> None:
    v, guard = vestibule, vestibule.watched.guard
    await guard.switch_on(admin(v), GUILD)
    v.link_rules.permitted = False
    await guard.check_all()
    (alert,) = await alerts(v, AlertKind.LINK_RULE)
    assert alert.subject == "no_permission"
    assert (await guard.show(admin(v), GUILD)).health is RuleHealth.NO_PERMISSION


@on_both_stores
async def test_blocked_messages_of_ten_minutes_are_one_alert_without_names(address: str) -> None:
    async with opened_vestibule(address) as v:
        guard = v.watched.guard
        await guard.switch_on(admin(v), GUILD)
        assert v.link_rules.ours is not None
        rule = v.link_rules.ours.rule_id
        other = ChannelId(33)
        for member, channel in ((MALLORY, CALLS), (MALLORY, CALLS), (ANA, other)):
            v.clock.advance(seconds=20)
            await guard.blocked(BlockedTry(GUILD, member, channel, v.clock.now()), rule)
        await guard.blocked(BlockedTry(GUILD, BEN, CALLS, v.clock.now()), RuleId(9))
        (alert,) = await alerts(v, AlertKind.BLOCKED_LINKS)
        assert alert.count == 3
        assert {place.channel_id for place in alert.places} == {CALLS, other}
        assert str(MALLORY) not in repr(alert)

        with pytest.raises(UserMistake):
            await guard.who_tried(v.person(BEN, VERIFIED), GUILD, int(alert.subject))
        found = await guard.who_tried(v.person(BEN, MODERATOR), GUILD, int(alert.subject))
        assert [each.member_id for each in found.tries] == [MALLORY, MALLORY, ANA]
        assert "link_rule.tries_shown" in await v.actions()

        v.clock.advance(minutes=11)
        await guard.blocked(BlockedTry(GUILD, ANA, CALLS, v.clock.now()), rule)
        assert len(await alerts(v, AlertKind.BLOCKED_LINKS)) == 2
        v.clock.advance(seconds=(KEEP_TRIES + timedelta(hours=1)).total_seconds())
        await guard.check_all()
        assert (await guard.who_tried(v.person(BEN, MODERATOR), GUILD, int(alert.subject))).tries == ()
