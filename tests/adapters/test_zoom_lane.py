"""The emergency lane against the stand-in: before all routine traffic, repeated until Zoom takes it, without a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.zoom import protocol
from bot.adapters.zoom.control_refusals import control_error
from bot.adapters.zoom.lane import EmergencyLane
from bot.adapters.zoom.pacing import ALLOWANCES, Allowance, Pacer, Plan, rate_of
from bot.adapters.zoom.protocol import Label
from bot.adapters.zoom.refusals import Refusal
from bot.domain.errors import NeedsAttention, Transient, UserMistake, VestibuleError
from bot.domain.values import LinkId, ParticipantId, RegistrantId, Token, ZoomMeetingId
from bot.domain.verdict import WaitingRoom
from bot.ports.control import NOT_RUNNING, PARTICIPANT_UNKNOWN, REMOVAL_NOT_PERMITTED, REMOVAL_OFF, RoomControl
from tests.adapters.test_zoom_pacing import admitted
from tests.adapters.zoom_world import LINK, ZoomWorld, zoom_world
from tests.zoom_spec import zoom_request_errors

CONTROL = ("PATCH", "/live_meetings/{meetingId}/events")
PEOPLE = [(f"m{number}@guests.example.org", f"P{number}") for number in range(30)]


class Ready:
    """Tokens at hand; `store_hangs` makes everything else wait for ever."""

    def __init__(self, world: ZoomWorld) -> None:
        self._world = world
        self.kept_ready = 0
        self.store_hangs = False

    def at_hand(self, link_id: LinkId) -> Token | None:
        return self._world.tokens.held

    async def keep_ready(self, link_id: LinkId) -> None:
        self.kept_ready += 1
        await self._world.tokens.current(link_id)

    async def current(self, link_id: LinkId) -> Token:
        if self.store_hangs:
            await asyncio.Event().wait()
        return await self._world.tokens.current(link_id)

    async def renewed(self, link_id: LinkId, rejected: Token) -> Token:
        return await self._world.tokens.renewed(link_id, rejected)


class Live:
    """A running meeting with strangers in it, and the lane to it."""

    def __init__(self, world: ZoomWorld, zoom_id: ZoomMeetingId) -> None:
        self.world, self.zoom_id = world, zoom_id
        self.ready = Ready(world)
        session = world.client._wire._session
        self.lane = EmergencyLane(session, self.ready, world.pacer, world.clock, world.stand_in.api_url)

    def stranger(self, name: str = "Stranger") -> ParticipantId:
        return ParticipantId(self.world.stand_in.live.intrude(self.world.stand_in.meeting(self.zoom_id), name).uuid)

    def inside(self) -> set[str]:
        return set(self.world.stand_in.meeting(self.zoom_id).participants)

    async def remove(self, who: ParticipantId) -> None:
        await self.lane.remove(LINK, self.zoom_id, who)


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with zoom_world() as world:
        world.account.remove_enabled = True
        created = await world.client.create_meeting(LINK, world.request())
        world.stand_in.start_meeting(created.zoom_id)
        made = Live(world, created.zoom_id)
        await made.lane.stand_by(LINK)
        yield made


def test_lane_keeps_its_port(live: Live) -> None:
    control: RoomControl = live.lane
    can = control.capabilities(LINK)
    assert (can.remove, can.lock, can.end) == (None, False, True)


async def test_removal_is_sent_as_zoom_describes_it(live: Live) -> None:
    who, other = live.stranger(), live.stranger("Other")
    await live.remove(who)
    assert live.inside() == {other}
    assert zoom_request_errors(live.world.stand_in.requests) == []


async def test_end_ends_for_all(live: Live) -> None:
    live.stranger()
    await live.lane.end(LINK, live.zoom_id)
    assert not live.world.stand_in.meeting(live.zoom_id).live
    assert zoom_request_errors(live.world.stand_in.requests) == []


async def test_links_are_cancelled_thirty_a_call_also_by_id_alone(live: Live) -> None:
    made = await live.world.client.add_registrants(LINK, live.zoom_id, PEOPLE)
    more = await live.world.client.add_registrant(LINK, live.zoom_id, "m99@guests.example.org", "P99")
    who = [(each.registrant_id, address) for address, each in made.items()]
    await live.lane.cancel(LINK, live.zoom_id, [*who, (more.registrant_id, "")])
    assert live.world.sent("PUT", "/meetings/{meetingId}/registrants/status") == 2
    assert await live.world.client.registrants(LINK, live.zoom_id) == {}
    assert zoom_request_errors(live.world.stand_in.requests) == []


async def test_limit_is_waited_for_until_zoom_takes_it(live: Live) -> None:
    who = live.stranger()
    live.world.stand_in.faults.add(("PATCH", "/live_meetings/"), "rate_limited", times=5)
    await live.remove(who)
    assert live.inside() == set()
    assert len(live.world.clock.slept) == 5


async def test_after_a_minute_of_limits_it_is_given_up(live: Live) -> None:
    live.world.stand_in.faults.add(("PATCH", "/live_meetings/"), "rate_limited", times=None)
    began = live.world.clock.now()
    with pytest.raises(Transient) as given_up:
        await live.remove(live.stranger())
    assert given_up.value.code == "zoom_rate_limited"
    assert timedelta(seconds=50) <= live.world.clock.now() - began <= timedelta(seconds=61)


@pytest.mark.parametrize("fault", ["reset", "apply_then_reset", "status"])
async def test_removal_whose_answer_was_lost_or_garbled_is_asked_for_again(live: Live, fault: str) -> None:
    who = live.stranger()
    more = {"status": 503} if fault == "status" else {}
    live.world.stand_in.faults.add(("PATCH", "/live_meetings/"), fault, times=2, **more)  # type: ignore[arg-type]
    await live.remove(who)
    assert live.inside() == set()


async def test_rejected_token_is_replaced_and_the_call_repeated(live: Live) -> None:
    who = live.stranger()
    live.world.stand_in.refuse(("PATCH", "/live_meetings/"), 401, 124, "Invalid access token.")
    await live.remove(who)
    assert live.world.tokens.renewals == 1
    assert live.inside() == set()
    live.world.stand_in.refuse(("PATCH", "/live_meetings/"), 401, 124, "Invalid access token.", times=None)
    with pytest.raises(NeedsAttention) as dead:
        await live.remove(live.stranger())
    assert dead.value.code == "zoom_token_rejected"
    assert live.world.tokens.renewals == 2


async def test_a_store_that_hangs_keeps_nobody_waiting(live: Live) -> None:
    live.ready.store_hangs = True
    hung = asyncio.Event()

    async def account(_: LinkId) -> str:
        await hung.wait()
        return "never"

    live.world.pacer._accounts.account = account  # type: ignore[method-assign,assignment]
    await live.remove(live.stranger())
    assert live.inside() == set()


async def test_routine_calls_wait_while_an_emergency_call_is_under_way(live: Live) -> None:
    live.world.stand_in.faults.add(("PATCH", "/live_meetings/"), "delay", seconds=0.3)
    removing = asyncio.create_task(live.remove(live.stranger()))
    while not live.world.pacer._emergencies:
        await asyncio.sleep(0)
    await live.world.client.user(LINK, live.world.host.email)
    assert removing.done()
    seen = [record.method for record in live.world.stand_in.requests if record.method in ("PATCH", "GET")]
    assert seen[-2:] == ["PATCH", "GET"]


async def test_routine_call_that_would_wait_too_long_is_told_so_and_other_accounts_go_on() -> None:
    pacer = Pacer(patience=0.02)
    with pacer.emergency("link-1"):
        with pytest.raises(Transient) as busy:
            await pacer.wait(LinkId("link-1"), Label.LIGHT, 1)
        assert busy.value.code == "zoom_busy"
        await pacer.wait(LinkId("link-2"), Label.LIGHT, 1)
        with pacer.emergency("link-1"):
            pass
        with pytest.raises(Transient):
            await pacer.wait(LinkId("link-1"), Label.LIGHT, 1)
    await pacer.wait(LinkId("link-1"), Label.LIGHT, 1)


@pytest.mark.parametrize("allowance", {a for plan in ALLOWANCES.values() for a in plan.values()}, ids=str)
def test_emergencies_among_themselves_keep_to_the_plan(allowance: Allowance) -> None:
    interval = allowance.seconds * 1000
    moments = admitted(rate_of(allowance, 1.0), interval * 3)
    fullest = max(sum(start <= moment < start + interval for moment in moments) for start in moments)
    assert fullest <= allowance.calls


async def test_thirty_removals_come_to_zoom_in_the_order_they_were_asked_for(live: Live) -> None:
    await live.world.pacer.learn(LINK, [])
    live.lane._known.clear()
    strangers = [live.stranger(f"S{number}") for number in range(12)]
    await asyncio.gather(*(live.remove(who) for who in strangers))
    sent = [r.body["params"]["participant_uuid"] for r in live.world.stand_in.requests if r.template == CONTROL[1]]  # type: ignore[index, call-overload]
    assert sent == strangers


async def test_stand_by_learns_account_plan_and_token(live: Live) -> None:
    assert live.ready.kept_ready == 1
    known = live.lane._known[LINK]
    assert (known.account, known.plan) == (LINK, Plan.PRO)


async def test_not_enabled_and_not_running_are_told_apart(live: Live) -> None:
    live.world.account.remove_enabled = False
    with pytest.raises(NeedsAttention) as off:
        await live.remove(live.stranger())
    assert off.value.code == REMOVAL_OFF
    live.world.account.remove_enabled = True
    live.world.stand_in.end_meeting(live.zoom_id)
    with pytest.raises(UserMistake) as over:
        await live.remove(ParticipantId("anybody"))
    assert over.value.code == NOT_RUNNING


async def test_waiting_room_is_read_back(live: Live) -> None:
    reading = await live.world.client.waiting_room(LINK, live.zoom_id, live.world.host_id)
    assert isinstance(reading, WaitingRoom)
    assert reading.holds


REMOVE = protocol.remove_participant(ZoomMeetingId("98765432109"), ParticipantId("p"))
END = protocol.end_meeting(ZoomMeetingId("98765432109"))
CANCEL = protocol.set_registrant_status(
    ZoomMeetingId("98765432109"), [(RegistrantId("r"), "")], protocol.RegistrantAction.CANCEL
)
TABLE = (
    (REMOVE, 400, 300, "Meeting ID does not exist.", (), NOT_RUNNING),
    (REMOVE, 400, 300, "Invalid meeting ID.", (), NOT_RUNNING),
    (REMOVE, 400, 300, "Meeting does not exist.", (), NOT_RUNNING),
    (REMOVE, 404, 3001, "Meeting 1 is not found or has expired.", (), NOT_RUNNING),
    (REMOVE, 400, 300, "No permission.", (), REMOVAL_NOT_PERMITTED),
    (REMOVE, 400, 300, "This API is not available for this account. Please contact Zoom support.", (), REMOVAL_OFF),
    (REMOVE, 400, 300, "Validation Failed.", ("method",), REMOVAL_OFF),
    (REMOVE, 400, 300, "Invalid method.", (), REMOVAL_OFF),
    (REMOVE, 400, 2300, "This API endpoint is not recognized.", (), REMOVAL_OFF),
    (REMOVE, 400, 300, "Validation Failed.", ("params.participant_uuid",), PARTICIPANT_UNKNOWN),
    (REMOVE, 400, 300, "The participant does not exist.", (), PARTICIPANT_UNKNOWN),
    (REMOVE, 400, 300, "Something else.", (), "zoom_invalid"),
    (REMOVE, 400, 4711, "does not contain scopes:[meeting:update:in_meeting_controls]", (), "zoom_scope_missing"),
    (REMOVE, 429, None, "", (), "zoom_rate_limited"),
    (REMOVE, 401, 124, "Invalid access token.", (), "zoom_token_rejected"),
    (END, 400, 3063, "Can not end on-premise user's meeting", (), "zoom_on_premise"),
    (END, 404, 3001, "Meeting 1 is not found or has expired.", (), NOT_RUNNING),
    (END, 400, 300, "No permission.", (), "zoom_no_permission"),
    (END, 400, 3161, "hosting is not allowed", (), "zoom_host_not_allowed"),
    (CANCEL, 404, 3001, "Meeting 1 is not found or has expired.", (), NOT_RUNNING),
)


@pytest.mark.parametrize(("request_", "status", "code", "message", "fields", "ours"), TABLE)
def test_each_refusal_has_its_meaning(
    request_: protocol.ZoomRequest, status: int, code: int | None, message: str, fields: tuple[str, ...], ours: str
) -> None:
    canary = "https://us02web.zoom.us/w/1?tk=canary ana@example.org"
    body: dict[str, object] = {"message": f"{message} {canary}", "errors": [{"field": each} for each in fields]}
    body |= {} if code is None else {"code": code}
    error: VestibuleError = control_error(
        Refusal.of(status, body, {}), request_, datetime(2026, 11, 21, 18, tzinfo=UTC)
    )
    assert error.code == ours
    assert "canary" not in error.message
    assert "@" not in error.message
