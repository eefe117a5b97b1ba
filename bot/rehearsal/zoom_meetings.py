"""Zoom's meetings: create, read, change, delete, end, list. https://developers.zoom.us/docs/api/meetings/"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from bot.rehearsal import zoom_rules as rules
from bot.rehearsal.zoom_limits import Limits
from bot.rehearsal.zoom_links import host_link, make_invite_links, plain_link, registration_link
from bot.rehearsal.zoom_recurrence import occurrences
from bot.rehearsal.zoom_state import (
    FIXED_TIME,
    INSTANT,
    NO_FIXED_TIME,
    SCHEDULED,
    Meeting,
    Occurrence,
    User,
    ZoomState,
    new_uuid,
    stamp,
)
from bot.rehearsal.zoom_users import Users, page_size, permit
from bot.rehearsal.zoom_wire import (
    Answer,
    Call,
    JsonObject,
    JsonValue,
    ZoomError,
    flag,
    integer,
    invalid,
    merge,
    section,
    text,
)

MAX_MEETINGS_PAGE = 300

AGENDA_IN_LISTS = 250
"""Zoom cuts a meeting's agenda to this many characters in lists."""

_OCCURRENCE_SETTINGS = frozenset(
    {
        "host_video",
        "participant_video",
        "join_before_host",
        "mute_upon_entry",
        "waiting_room",
        "watermark",
        "auto_recording",
    }
)

_PLANNING_FIELDS = frozenset({"type", "start_time", "duration", "timezone", "recurrence"})


class Meetings:
    """The `/meetings` endpoints and `/users/{userId}/meetings`.

    Args:
        ended: told of every live meeting that is ended through the API.
        tell: told of every meeting that was changed or deleted, by whomever.
    """

    def __init__(
        self,
        state: ZoomState,
        users: Users,
        limits: Limits,
        ended: Callable[[Meeting], None],
        tell: Callable[[Literal["updated", "deleted"], Meeting], None],
    ) -> None:
        self._state = state
        self._users = users
        self._limits = limits
        self._ended = ended
        self._tell = tell

    def reached(
        self, call: Call, scope: str, *, missing: str = "Meeting does not exist: {id}.", code: int = 3001
    ) -> Meeting:
        """The meeting a path names, if the caller may act on it; its host is noted in the call.

        Raises:
            ZoomError: 404/3001 (or `code`) unknown or deleted; 403 another account's or user's; 400/3161 the host may not host.
        """
        meeting = self._state.find_meeting(call.path["meetingId"], missing=missing, code=code)
        host = self._state.users[meeting.host_id]
        call.host = host.id
        permit(call.grant, host, scope)
        self._refuse_unable(host)
        return meeting

    def create(self, call: Call) -> Answer:
        """`POST /users/{userId}/meetings`"""
        host = self._users.reached(call, "meeting:write:meeting")
        self._refuse_unable(host)
        rules.check_body(call.body)
        meeting = self._planned(call.body, host)
        self._limits.spend_host_write(host.account_id, self._state.account_of(host).plan, host.id)
        self._state.meetings[meeting.id] = meeting
        return Answer(201, self.described(meeting))

    def get(self, call: Call) -> Answer:
        """`GET /meetings/{meetingId}`"""
        return Answer(200, self.described(self.reached(call, "meeting:read:meeting")))

    def update(self, call: Call) -> Answer:
        """`PATCH /meetings/{meetingId}`; a start time in the past is ignored."""
        meeting = self.reached(call, "meeting:update:meeting")
        host = self._state.users[meeting.host_id]
        rules.check_body(call.body)
        if "password" in call.body:
            rules.check_passcode(text(call.body, "password"), host, updating=True)
        self._check_hosts(call.body, host)
        occurrence = self._occurrence(meeting, call)
        start = self._new_start(call.body, meeting)
        self._limits.spend_host_write(host.account_id, self._state.account_of(host).plan, host.id)
        if occurrence is not None:
            occurrence.start = start or occurrence.start
            occurrence.duration = integer(call.body, "duration", occurrence.duration)
            kept: JsonObject = {n: v for n, v in section(call.body, "settings").items() if n in _OCCURRENCE_SETTINGS}
            changed: JsonObject = {"settings": kept, "agenda": text(call.body, "agenda", meeting.agenda)}
            self.change(meeting, changed)
        else:
            meeting.start = start or meeting.start
            self.change(meeting, call.body)
        self._tell("updated", meeting)
        return Answer(204)

    def delete(self, call: Call) -> Answer:
        """`DELETE /meetings/{meetingId}`; with `occurrence_id` that date alone."""
        number = call.path["meetingId"]
        if any(str(user.pmi) == number for user in self._state.users.values()):
            raise ZoomError(400, 3018, "Not allowed to delete PMI.")
        meeting = self.reached(call, "meeting:delete:meeting")
        occurrence = self._occurrence(meeting, call)
        if occurrence is None:
            self.remove(meeting)
        else:
            occurrence.deleted = True
        return Answer(204)

    def set_status(self, call: Call) -> Answer:
        """`PUT /meetings/{meetingId}/status`: `end` for everybody, or `recover` a deleted meeting.

        What Zoom answers to ending a meeting that is not live is not published; here nothing happens and the answer is 204.
        """
        match call.body.get("action"):
            case "recover":
                gone = (
                    self._state.meetings.get(int(call.path["meetingId"]))
                    if call.path["meetingId"].isdecimal()
                    else None
                )
                if gone is not None:
                    gone.deleted = False
                self.reached(call, "meeting:update:status")
            case "end":
                meeting = self.reached(call, "meeting:update:status")
                if meeting.live and self._state.accounts[meeting.account_id].controls_have_effect:
                    self._ended(meeting)
            case _:
                invalid("action", "Invalid field. Allowed: end, recover.")
        return Answer(204)

    def listing(self, call: Call) -> Answer:
        """`GET /users/{userId}/meetings`. Instant meetings are never in it, and agendas are cut to 250 characters."""
        host = self._users.reached(call, "meeting:read:list_meetings")
        kind = call.query.get("type", "scheduled")
        if kind not in ("scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings"):
            invalid("type", "Invalid field.")
        size = page_size(call, MAX_MEETINGS_PAGE)
        mine = [
            m for m in self._state.meetings.values() if m.host_id == host.id and not m.deleted and m.type != INSTANT
        ]
        now = self._state.now()
        rows = [self._row(m) for m in sorted(mine, key=lambda m: m.start or m.created_at) if _listed(m, kind, now)]
        page, paging = self._state.page(f"meetings/{host.id}/{kind}", rows, size, call.query.get("next_page_token", ""))
        return Answer(200, {**paging, "meetings": page})

    def invite_links(self, call: Call) -> Answer:
        """`POST /meetings/{meetingId}/invite_links`"""
        return make_invite_links(self._state, call, self.reached(call, "meeting:write:invite_links"))

    def remove(self, meeting: Meeting) -> None:
        """Delete a meeting."""
        meeting.deleted = True
        self._tell("deleted", meeting)

    def change_by_hand(self, meeting: Meeting, body: JsonObject) -> None:
        """Somebody changes it in Zoom's web portal."""
        if "start_time" in body:
            meeting.start = self._new_start(body, meeting) or meeting.start
        self.change(meeting, body)
        self._tell("updated", meeting)

    def change(self, meeting: Meeting, body: JsonObject) -> None:
        """Lay the fields of a checked body over a meeting, then let Zoom overrule."""
        host = self._state.users[meeting.host_id]
        meeting.topic = text(body, "topic", meeting.topic)
        meeting.agenda = text(body, "agenda", meeting.agenda)
        meeting.duration = integer(body, "duration", meeting.duration)
        meeting.timezone = text(body, "timezone", meeting.timezone)
        meeting.type = integer(body, "type", meeting.type)
        meeting.settings = merge(meeting.settings, section(body, "settings"))
        before = meeting.passcode
        meeting.passcode = text(body, "password", meeting.passcode)
        rules.overrule(meeting, host, self._state.account_of(host))
        if meeting.passcode != before:
            self._key(meeting)
        meeting.recurrence = section(body, "recurrence") or meeting.recurrence
        if not body.keys().isdisjoint(_PLANNING_FIELDS):
            self._plan_dates(meeting)

    def described(self, meeting: Meeting) -> JsonObject:
        """The whole meeting as Zoom shows it to its host: with passcode, links, and a new `start_url`."""
        host = self._state.users[meeting.host_id]
        shown = self._row(meeting) | {
            "agenda": meeting.agenda,
            "host_email": host.email,
            "assistant_id": "",
            "status": "started" if meeting.live else "waiting",
            "start_url": host_link(self._state, meeting),
            "password": meeting.passcode,
            "encrypted_password": meeting.link_key,
            "h323_password": meeting.passcode,
            "pstn_password": meeting.passcode,
            "pre_schedule": False,
            "creation_source": "open_api",
            "settings": copy.deepcopy(meeting.settings),
        }
        if meeting.has_registration:
            shown["registration_url"] = registration_link(self._state, meeting)
        if meeting.recurrence:
            shown["recurrence"] = copy.deepcopy(meeting.recurrence)
        if meeting.occurrences:
            shown["occurrences"] = [_date(each) for each in meeting.occurrences if not each.deleted]
        return shown

    def _planned(self, body: JsonObject, host: User) -> Meeting:
        rules.check_passcode(text(body, "password"), host, updating=False)
        self._check_hosts(body, host)
        kind, timezone, now = integer(body, "type", SCHEDULED), text(body, "timezone", host.timezone), self._state.now()
        start = rules.parse_start(text(body, "start_time"), timezone) if "start_time" in body else now
        meeting = Meeting(
            id=self._state.new_meeting_id(),
            uuid=new_uuid(),
            host_id=host.id,
            account_id=host.account_id,
            type=kind,
            topic=text(body, "topic", "Zoom Meeting"),
            agenda=text(body, "agenda"),
            start=None if kind == NO_FIXED_TIME else max(start, now) if kind != INSTANT else now,
            duration=integer(body, "duration", 60),
            timezone=timezone,
            passcode=text(body, "password") or (rules.new_passcode(host) if self._wants_passcode(body, host) else ""),
            link_key="",
            settings=merge(rules.api_defaults(host), section(body, "settings")),
            created_at=now,
            registration_key=self._state.new_secret(24),
            recurrence=section(body, "recurrence"),
        )
        rules.overrule(meeting, host, self._state.account_of(host))
        meeting.pmi = host.pmi if flag(meeting.settings, "use_pmi") else None
        self._key(meeting)
        self._plan_dates(meeting)
        return meeting

    def _wants_passcode(self, body: JsonObject, host: User) -> bool:
        schedule = section(host.settings, "schedule_meeting")
        return flag(body, "default_password", True) and flag(schedule, "require_password_for_scheduling_new_meetings")

    def _plan_dates(self, meeting: Meeting) -> None:
        if meeting.type == FIXED_TIME and meeting.start is not None:
            meeting.occurrences = occurrences(meeting.recurrence, meeting.start, meeting.duration, meeting.timezone)

    def _key(self, meeting: Meeting) -> None:
        """Give the meeting's links a new `pwd` after its passcode changed."""
        self._state.secret(meeting.passcode)
        meeting.link_key = self._state.secret(secrets.token_urlsafe(24) + ".1") if meeting.passcode else ""

    def _new_start(self, body: JsonObject, meeting: Meeting) -> datetime | None:
        if "start_time" not in body:
            return None
        start = rules.parse_start(text(body, "start_time"), text(body, "timezone", meeting.timezone))
        return start if start > self._state.now() else None

    def _check_hosts(self, body: JsonObject, host: User) -> None:
        rules.check_alternative_hosts(text(section(body, "settings"), "alternative_hosts"), host, self._state)

    def _occurrence(self, meeting: Meeting, call: Call) -> Occurrence | None:
        wanted = call.query.get("occurrence_id")
        if wanted is None:
            return None
        found = next((each for each in meeting.occurrences if each.id == wanted and not each.deleted), None)
        if found is None:
            raise ZoomError(400, 300, "Invalid parameter: occurrence_id.")
        return found

    def _refuse_unable(self, host: User) -> None:
        if not host.may_host:
            raise ZoomError(400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities.")

    def _row(self, meeting: Meeting) -> JsonObject:
        row: JsonObject = {
            "id": meeting.id,
            "uuid": meeting.uuid,
            "host_id": meeting.host_id,
            "type": meeting.type,
            "topic": meeting.topic,
            "agenda": meeting.agenda[:AGENDA_IN_LISTS],
            "duration": meeting.duration,
            "timezone": meeting.timezone,
            "created_at": stamp(meeting.created_at),
            "join_url": plain_link(self._state, meeting),
        }
        if meeting.start is not None:
            row["start_time"] = stamp(meeting.start)
        if meeting.pmi is not None:
            row["pmi"] = str(meeting.pmi)
        return row


def _listed(meeting: Meeting, kind: str, now: datetime) -> bool:
    past = meeting.end is not None and meeting.end <= now
    match kind:
        case "live":
            return meeting.live
        case "upcoming" | "upcoming_meetings":
            return meeting.live or not past
        case "previous_meetings":
            return past
        case _:
            return True


def _date(occurrence: Occurrence) -> JsonValue:
    return {
        "occurrence_id": occurrence.id,
        "start_time": stamp(occurrence.start),
        "duration": occurrence.duration,
        "status": "available",
    }
