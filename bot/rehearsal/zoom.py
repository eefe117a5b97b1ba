"""A stand-in for Zoom: a real HTTP server on this machine that refuses what Zoom refuses.

It knows accounts, users, apps, meetings, registrants and links, holds the limits Zoom holds, and can be told to misbehave (`faults`). What
really happened is queryable, so that a rehearsal can compare it with what the bot told people. Nothing leaves this machine, and the links it
hands out lead nowhere but `open_link`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from aiohttp import web

from bot.rehearsal.faults import Fault, FaultPlan
from bot.rehearsal.zoom_events import ZoomEventSender
from bot.rehearsal.zoom_http import RequestRecord, ZoomHttp
from bot.rehearsal.zoom_limits import Limits, Plan
from bot.rehearsal.zoom_links import OpenedLink, open_link
from bot.rehearsal.zoom_live import EventSink, Live
from bot.rehearsal.zoom_meetings import Meetings
from bot.rehearsal.zoom_oauth import App, AppKind, ZoomOAuth
from bot.rehearsal.zoom_past import PastRuns
from bot.rehearsal.zoom_registrants import Registrants
from bot.rehearsal.zoom_state import (
    LICENSED,
    Account,
    Meeting,
    Participant,
    Registrant,
    RegistrantStatus,
    User,
    ZoomState,
)
from bot.rehearsal.zoom_users import Users, new_settings
from bot.rehearsal.zoom_wire import CallHandler, JsonObject, ZoomError, merge

_STOP_WITHIN_SECONDS = 2.0


class ZoomStandIn:
    """The server and the world behind it.

    Args:
        now: aware UTC; decides token expiry, days, start times and the life of links.
        seconds: a steady clock in seconds for the per-second limits; real time by default, because callers pace themselves in real time.

    `faults`, `limits`, `state` and `oauth` hold the switches; see their classes.
    """

    def __init__(self, now: Callable[[], datetime], *, seconds: Callable[[], float] = time.monotonic) -> None:
        self.state = ZoomState(now)
        self.oauth = ZoomOAuth(self.state)
        self.limits = Limits(now, seconds)
        self._live = Live(self.state)
        users = Users(self.state)
        meetings = Meetings(self.state, users, self.limits, self._live.end, self._live.tell)
        registrants = self._registrants = Registrants(self.state, meetings, self.limits, self._live)
        self._meetings = meetings
        past = PastRuns(self.state)
        self._live.sinks.append(past.sink)
        handlers = _handlers(users, meetings, registrants, self._live, past)
        self._http = ZoomHttp(self.state, self.oauth, self.limits, handlers)
        self._runner: web.AppRunner | None = None
        self._root = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `port=0` takes a free one. May be started again after `stop`, the world is kept.

        Raises:
            OSError: the port is taken.
        """
        self._runner = web.AppRunner(self._http.application(), access_log=None, shutdown_timeout=_STOP_WITHIN_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address, bound, *_ = self._runner.addresses[0]
        self._root = self.oauth.api_root = f"http://{address}:{bound}"

    async def stop(self) -> None:
        """Stop listening; requests that hang are cut off."""
        self.faults.release()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_url(self) -> str:
        """Root of the REST API, `http://host:port/v2`."""
        return f"{self._root}/v2"

    @property
    def oauth_url(self) -> str:
        """Root of OAuth, `http://host:port/oauth`; below it `/token`, `/authorize`, `/revoke`."""
        return f"{self._root}/oauth"

    @property
    def faults(self) -> FaultPlan:
        """The misbehaviour asked for."""
        return self._http.faults

    def add_account(
        self,
        account_id: str | None = None,
        *,
        plan: Plan = Plan.PRO,
        remove_enabled: bool = False,
        auto_security: bool = True,
    ) -> Account:
        """A Zoom account. See `Account` for the switches."""
        account = Account(account_id or secrets.token_urlsafe(16), plan, remove_enabled, auto_security)
        self.state.accounts[account.id] = account
        return account

    def add_user(
        self,
        account: Account,
        email: str,
        *,
        type: int = LICENSED,
        first_name: str = "",
        last_name: str = "",
        timezone: str = "UTC",
        role: str = "Member",
        may_host: bool = True,
        user_id: str | None = None,
    ) -> User:
        """A user of an account; `type` 1 is Basic (free), 2 Licensed."""
        settings, security, authentication = new_settings()
        user = User(
            id=user_id or secrets.token_urlsafe(16),
            account_id=account.id,
            email=email,
            type=type,
            first_name=first_name or email.partition("@")[0].title(),
            last_name=last_name,
            timezone=timezone,
            pmi=2_000_000_000 + secrets.randbelow(7_000_000_000),
            created_at=self.state.now(),
            settings=settings,
            security=security,
            authentication=authentication,
            role=role,
            may_host=may_host,
        )
        self.state.users[user.id] = user
        return user

    def add_app(
        self,
        account: Account,
        client_id: str,
        client_secret: str,
        *,
        kind: AppKind = "server_to_server",
        scopes: Iterable[str],
        redirect_uris: Iterable[str] = (),
    ) -> App:
        """A Marketplace app of an account."""
        return self.oauth.add_app(
            client_id, client_secret, account_id=account.id, kind=kind, scopes=scopes, redirect_uris=redirect_uris
        )

    def consent(self, authorize_url: str, email: str) -> str:
        """The address the browser of `email` is sent to after pressing Allow at `authorize_url`.

        Raises:
            OAuthError: as the consent page would refuse.
            KeyError: no such user.
        """
        user = self.state.find_user(email)
        if user is None:
            raise KeyError(email)
        return self.oauth.consent(authorize_url, user)

    def force(self, scope: Account | User, settings: JsonObject, *, passcode: str | None = None) -> None:
        """Lock meeting settings for an account or a host: they override every later create and update.

        Args:
            settings: fields of a meeting's `settings`, in the shape of the API.
            passcode: put in place of any passcode; `""` takes it away.
        """
        scope.forced = merge(scope.forced, settings)
        scope.forced_passcode = passcode

    def refuse(self, match: tuple[str, str], status: int, code: int, message: str, *, times: int | None = 1) -> Fault:
        """Refuse matching requests with one of Zoom's own error bodies, for reasons that have no model here (an on-premise meeting, a webinar,
        a switched-off feature). `match` is as for `faults.add`.
        """
        body = json.dumps(ZoomError(status, code, message).body())
        return self.faults.add(match, "status", times=times, status=status, body=body, content_type="application/json")

    def change_in_portal(self, meeting_id: int | str, body: JsonObject) -> None:
        """Somebody changes a meeting in Zoom's web portal; `body` is in the shape of an API update."""
        self._meetings.change_by_hand(self.meeting(meeting_id), body)

    def delete_in_portal(self, meeting_id: int | str) -> None:
        """Somebody deletes a meeting in Zoom's web portal."""
        self._meetings.remove(self.meeting(meeting_id))

    def register_by_hand(self, meeting_id: int | str, email: str, name: str) -> Registrant:
        """Somebody fills in the registration page of a meeting, past the bot."""
        return self._registrants.add_by_hand(self.meeting(meeting_id), email, name)

    def report_events_to(self, sender: ZoomEventSender) -> None:
        """Have everything that happens delivered as events; what an API call causes is delivered before the call is answered."""
        self._live.sinks.append(sender.sink)
        self._http.before_answer = sender.settled

    def on_event(self, sink: EventSink) -> None:
        """Have `sink` told of everything that happens to meetings and in them."""
        self._live.sinks.append(sink)

    def start_meeting(self, meeting_id: int | str) -> str:
        """The host starts a meeting; the uuid of this run."""
        return self._live.start(self.meeting(meeting_id))

    def end_meeting(self, meeting_id: int | str) -> None:
        """The host ends a meeting for all."""
        self._live.end(self.meeting(meeting_id))

    def enter(self, url: str, name: str, *, signed_in: bool = False, again: Participant | None = None) -> Participant:
        """Somebody opens a link and comes into the live meeting or its waiting room; `again` is who they were before.

        Raises:
            ValueError: the link lets nobody in, or the meeting is not live.
        """
        opened = self.open_link(url, signed_in=signed_in)
        if opened.meeting_id is None:
            raise ValueError(f"nobody can come in: {opened.outcome}")
        return self._live.enter(self.meeting(opened.meeting_id), opened, name, again=again)

    @property
    def live(self) -> Live:
        """What hosts and participants do in live meetings."""
        return self._live

    def host_enters(self, meeting_id: int | str, email: str | None = None) -> Participant:
        """The host comes in, or as co-host another user of the account.

        Raises:
            KeyError: no such user.
        """
        meeting = self.meeting(meeting_id)
        user = self.state.find_user(email or meeting.host_id)
        if user is None:
            raise KeyError(email)
        return self._live.host_enters(meeting, user, "host" if user.id == meeting.host_id else "co-host")

    def admit(self, meeting_id: int | str, participant_uuid: str) -> None:
        """The host admits somebody from the waiting room."""
        self._live.admit(self.meeting(meeting_id), participant_uuid)

    def leave(self, meeting_id: int | str, participant_uuid: str) -> None:
        """Somebody leaves a meeting."""
        self._live.leave(self.meeting(meeting_id), participant_uuid)

    @property
    def meetings(self) -> list[Meeting]:
        """All meetings that are not deleted, oldest first."""
        return [meeting for meeting in self.state.meetings.values() if not meeting.deleted]

    def meeting(self, meeting_id: int | str) -> Meeting:
        """A meeting by id, deleted ones too.

        Raises:
            KeyError: there never was one.
        """
        return self.state.meetings[int(meeting_id)]

    def registrants(self, meeting_id: int | str, status: RegistrantStatus | None = None) -> list[Registrant]:
        """The registrants of a meeting, in the order they came; with `status` those alone."""
        everyone = self.meeting(meeting_id).registrants.values()
        return [registrant for registrant in everyone if status in (None, registrant.status)]

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request so far, in the order of arrival."""
        return self._http.requests

    def open_link(self, url: str, *, signed_in: bool = False) -> OpenedLink:
        """What somebody who opens `url` now would meet."""
        return open_link(self.state, url, signed_in=signed_in)

    def secrets(self) -> frozenset[str]:
        """Every secret ever issued or chosen: links, their tokens, passcodes, pins, start links, tokens, codes, app secrets."""
        return frozenset(self.state.secrets)


def _handlers(
    users: Users, meetings: Meetings, registrants: Registrants, live: Live, past: PastRuns
) -> dict[tuple[str, str], CallHandler]:
    meeting, people = "/meetings/{meetingId}", "/meetings/{meetingId}/registrants"
    return {
        ("GET", "/users"): users.listing,
        ("GET", "/users/{userId}"): users.get,
        ("GET", "/users/{userId}/settings"): users.get_settings,
        ("PATCH", "/users/{userId}/settings"): users.update_settings,
        ("POST", "/users/{userId}/meetings"): meetings.create,
        ("GET", "/users/{userId}/meetings"): meetings.listing,
        ("GET", meeting): meetings.get,
        ("PATCH", meeting): meetings.update,
        ("DELETE", meeting): meetings.delete,
        ("PUT", f"{meeting}/status"): meetings.set_status,
        ("POST", people): registrants.add,
        ("GET", people): registrants.listing,
        ("PUT", f"{people}/status"): registrants.set_status,
        ("GET", f"{people}/{{registrantId}}"): registrants.get,
        ("DELETE", f"{people}/{{registrantId}}"): registrants.delete,
        ("POST", f"{meeting}/batch_registrants"): registrants.add_batch,
        ("POST", f"{meeting}/invite_links"): meetings.invite_links,
        ("PATCH", "/live_meetings/{meetingId}/events"): lambda call: live.control(call, meetings),
        ("GET", "/past_meetings/{meetingId}/participants"): past.past,
        ("GET", "/report/meetings/{meetingId}/participants"): past.report,
    }
