"""The register of what is held about people: every table, in one list. Retention, `/privacy me`, `/privacy erase` and departures all go through
it, and a test fails when a table or a column that could hold a person is missing.

A new table is one entry: which columns find a member, which hold names or words, what ends the keeping.
"""

from __future__ import annotations

from bot.adapters.store import tables as t
from bot.adapters.store import tables_control as control
from bot.adapters.store import tables_events as events
from bot.adapters.store import tables_following as following
from bot.adapters.store import tables_incidents as incidents
from bot.adapters.store import tables_leaks as leaks
from bot.adapters.store import tables_linking as linking
from bot.adapters.store import tables_panels as panels
from bot.adapters.store import tables_privacy as privacy
from bot.adapters.store import tables_roster as roster
from bot.adapters.store import tables_series as series
from bot.adapters.store.jobs_tables import work_job, work_periodic, work_worker
from bot.adapters.store.personal_table import Erase, Finds, Goes, Holding, PersonalTable, entered
from bot.adapters.store.tables_limits import RateBucketRow
from bot.domain.privacy import Topic

OF_MEETINGS: tuple[PersonalTable, ...] = (
    entered(
        roster.ParticipantRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.IN_CALLS,
            "registrant_id",
            Finds.REGISTRANT,
            shown={"first_seen": "first seen", "joined_at": "joined", "registers": "reported by Zoom"},
        ),
        texts=("registers", "participant_uuid"),
        nobody=("session_id",),
    ),
    entered(
        roster.ParticipantMarkRow,
        Goes.WITH_MEETING,
        Holding(Topic.IN_CALLS, "name", Finds.SHOWN_NAME, shown={"kind": "reported by Zoom", "at": "at"}),
        texts=("value", "key"),
        nobody=("session_id",),
    ),
    entered(
        roster.AcceptedGuestRow,
        Goes.WITH_MEETING,
        Holding(Topic.RECORD, "accepted_by", erase=Erase.DISOWN, shown={"accepted_at": "let somebody stay in a call"}),
        texts=("participant_uuid",),
        nobody=("session_id",),
    ),
    entered(
        panels.PanelRow,
        Goes.WITH_MEETING,
        nobody=("session_id", "guild_id", "channel_id", "message_id", "fingerprint", "obstacle"),
    ),
    entered(
        panels.ConcernRow,
        Goes.WITH_MEETING,
        texts=("key", "who"),
        nobody=("session_id", "channel_id", "message", "message_id", "fingerprint"),
    ),
    entered(
        control.ActStepRow,
        Goes.WITH_MEETING,
        Holding(Topic.SAFETY, "member_id", erase=Erase.CLEAR),
        nobody=("participant", "code"),
    ),
    entered(
        control.ActRow,
        Goes.WITH_MEETING,
        Holding(Topic.RECORD, "actor", erase=Erase.CLEAR, shown={"kind": "you acted on a call", "at": "at"}),
        nobody=("guild_id", "session_id", "target", "held_back", "pick_list", "running_key"),
    ),
    entered(
        control.BarredMemberRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.LINKS,
            "member_id",
            erase=Erase.ELSEWHERE,  # it goes with the meeting even for whoever asks for an erase, or erasing would undo it
            shown={"barred_at": "removed from this call, no new link"},
        ),
        Holding(Topic.SAFETY, "barred_by", erase=Erase.CLEAR),
    ),
    entered(control.DoorClosingRow, Goes.WITH_MEETING, nobody=("inside",)),
    entered(
        control.DoorCancelledRow,
        Goes.WITH_MEETING,
        Holding(Topic.LINKS, "registrant_id", Finds.REGISTRANT, shown={"cancelled_at": "link void, the door closed"}),
    ),
    entered(
        leaks.LeakRow,
        Goes.WITH_MEETING,
        Holding(Topic.LEAKS, "member_id", erase=Erase.CLEAR, shown={"kind": "a link of yours was posted", "at": "at"}),
        Holding(Topic.LEAKS, "author_id", erase=Erase.DISOWN, shown={"kind": "you posted a link", "at": "at"}),
        Holding(Topic.SAFETY, "reported_by", erase=Erase.DISOWN),
        Holding(Topic.SAFETY, "dealt_by", erase=Erase.CLEAR),
        nobody=("guild_id", "once", "channel_id", "message_id"),
    ),
    entered(
        t.InviteRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.LINKS,
            "member_id",
            shown={
                "state": "state",
                "name": "name shown in the call",
                "tag": "tag",
                "requested_at": "asked for",
                "delivered_at": "shown to you",
                "revoked_at": "taken back",
                "address": "address made up for you at Zoom",
                "registrant_id": "Zoom's number for you in this call",
            },
        ),
        texts=("name", "tag", "address", "registrant_id"),
    ),
    entered(t.ComingRow, Goes.WITH_MEETING, Holding(Topic.COMING, "member_id", shown={"asked_at": "said"})),
    entered(
        series.ReminderRow,
        Goes.WITH_MEETING,
        Holding(Topic.REMINDERS, "member_id", shown={"asked_at": "asked for", "state": "state"}),
    ),
    entered(
        following.MemberCheckRow, Goes.WITH_MEETING, Holding(Topic.CHECKS, "member_id", shown={"asked_at": "asked"})
    ),
    entered(
        following.GuestRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.GUESTS,
            "invited_by",
            erase=Erase.DISOWN,
            shown={"name": "name you gave", "requested_at": "invited", "state": "state"},
        ),
        texts=("name", "tag", "address", "registrant_id"),
    ),
    entered(
        following.MeetingEditRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.PLANNED,
            "proposed_by",
            erase=Erase.DISOWN,
            shown={"proposed_at": "change proposed", "confirmed_at": "confirmed", "topic": "new topic"},
        ),
        texts=("topic",),
        nobody=("extra_role", "alternative_hosts"),
    ),
    entered(
        series.SeriesMeetingRow,
        Goes.WITH_MEETING,
        Holding(Topic.PLANNED, "promised_by", erase=Erase.DISOWN, shown={"position": "place in the series"}),
    ),
    entered(following.VoidOrderRow, Goes.WITH_MEETING, texts=("address", "registrant_id")),
    entered(
        events.InboxRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.IN_CALLS,
            "facts",
            Finds.SEEN_IN_TEXT,
            shown={"kind": "reported by Zoom", "at": "at"},
        ),
        nobody=("key", "account_id", "session_id", "host_id"),
    ),
    entered(events.DriftRow, Goes.WITH_MEETING, nobody=("known", "pending")),
    entered(t.AlternativeHostRow, Goes.WITH_MEETING, nobody=("user_id",)),
    entered(series.ServerEventRow, Goes.WITH_MEETING, nobody=("event_id", "fingerprint")),
    entered(t.AgendaRow, Goes.WITH_MEETING),
    entered(events.SessionRow, Goes.WITH_MEETING, nobody=("session_id",)),
    entered(
        t.MeetingRow,
        Goes.WITH_MEETING,
        Holding(
            Topic.PLANNED,
            "created_by",
            erase=Erase.DISOWN,
            shown={"planned_at": "planned", "state": "state", "profile": "profile"},
        ),
        texts=("topic",),
        nobody=(
            "guild_id",
            "host_id",
            "extra_role",
            "blocked_by_read_back",
            "replaces",
            "replaced_by",
            "announcement_channel",
            "announcement_message",
        ),
    ),
)
"""In the order in which they are emptied: what others are found by comes after them."""

_PAPERS = "kept while the incident holds, then erased with it; what a member wrote about incidents that hold nothing goes when they are erased"

OF_COMMUNITIES: tuple[PersonalTable, ...] = (
    entered(
        events.AlertRow,
        Goes.BY_AGE,
        Holding(Topic.SAFETY, "facts", Finds.MEMBER_IN_TEXT),
        nobody=("guild_id", "channel_id", "message_id"),
        age="at",
    ),
    entered(
        t.ZoomHostRow,
        Goes.WITH_COMMUNITY,
        Holding(
            Topic.ZOOM,
            "member_id",
            erase=Erase.CLEAR,
            shown={"name": "you are this host at Zoom", "email": "address there"},
        ),
        texts=("name", "email", "user_id"),
        nobody=("guild_id",),
    ),
    entered(
        t.AccountLinkRow,
        Goes.BY_ITSELF,
        Holding(
            Topic.ZOOM,
            "owner_member_id",
            erase=Erase.ELSEWHERE,
            shown={"hint": "you linked the Zoom account", "state": "state", "token_scopes": "it lets me use"},
        ),
        texts=("hint", "zoom_user_id"),
        nobody=("guild_id", "zoom_account_id", "token_scopes", "lease_owner"),
        why="unlinking erases grant and identity at once; the empty row goes when no meeting is left on it",
    ),
    entered(
        linking.LinkRequestRow,
        Goes.BY_ITSELF,
        Holding(
            Topic.ZOOM,
            "member_id",
            erase=Erase.ELSEWHERE,
            shown={"stage": "a link you began", "expires_at": "ends"},
        ),
        texts=("asker_name", "guild_name", "zoom_user_id", "zoom_name"),
        nobody=("guild_id", "cookie_hash", "code_hash", "token_scopes", "zoom_account_id"),
        why="ends ten minutes after it began; what was granted is given back to Zoom and erased",
    ),
    entered(
        privacy.ErasureRow,
        Goes.WITH_COMMUNITY,
        Holding(
            Topic.ERASING,
            "member_id",
            erase=Erase.ELSEWHERE,
            shown={"why": "because", "since": "since", "due_at": "erased"},
        ),
        nobody=("guild_id",),
    ),
    entered(
        t.AuditSubjectRow,
        Goes.BY_ITSELF,
        Holding(Topic.RECORD, "member_id", erase=Erase.ELSEWHERE),
        nobody=("guild_id",),
        why="goes when nothing in the record names the person within the retention any more (personal_audit.py)",
    ),
    entered(
        t.AuditTextRow,
        Goes.BY_ITSELF,
        texts=("text",),
        nobody=("guild_id", "seq", "salt"),
        why="goes with the retention, or with whoever wrote it (personal_audit.py)",
    ),
    entered(
        leaks.LinkHoldRow,
        Goes.BY_AGE,
        Holding(
            Topic.LEAKS,
            "member_id",
            erase=Erase.ELSEWHERE,
            shown={"since": "a moderator decides about your next link, since"},
        ),
        nobody=("guild_id",),
        age="since",
        why="goes by its age even for whoever asks for an erase, or erasing would undo it",
    ),
    entered(
        leaks.BlockedTryRow,
        Goes.BY_AGE,
        Holding(Topic.LEAKS, "member_id", shown={"at": "AutoMod blocked a Zoom link of yours"}),
        nobody=("guild_id", "channel_id"),
        age="at",
    ),
    entered(leaks.LinkRuleRow, Goes.WITH_COMMUNITY, nobody=("guild_id", "rule_id")),
    entered(
        leaks.LinkMarkRow,
        Goes.BY_ITSELF,
        nobody=("mark",),
        why="a keyed hash of a link; goes with the invite or guest it belongs to",
    ),
    entered(
        incidents.IncidentReportRow,
        Goes.BY_ITSELF,
        Holding(Topic.SAFETY, "reporter", erase=Erase.ELSEWHERE),
        texts=("seen",),
        nobody=("guild_id", "salt"),
        why=_PAPERS,
    ),
    entered(
        incidents.IncidentNoteRow,
        Goes.BY_ITSELF,
        Holding(Topic.SAFETY, "author", erase=Erase.ELSEWHERE),
        texts=("text",),
        nobody=("note_id",),
        why=_PAPERS,
    ),
    entered(
        incidents.IncidentConsentRow,
        Goes.BY_ITSELF,
        Holding(Topic.SAFETY, "member_id", erase=Erase.ELSEWHERE),
        why=_PAPERS,
    ),
    entered(
        incidents.FollowUpRow,
        Goes.BY_ITSELF,
        Holding(Topic.SAFETY, "member_id", erase=Erase.ELSEWHERE),
        nobody=("guild_id",),
        why=_PAPERS,
    ),
    entered(t.CommunityRoleRow, Goes.WITH_COMMUNITY, nobody=("guild_id", "role_id")),
    entered(
        t.CommunityRow,
        Goes.WITH_COMMUNITY,
        nobody=("guild_id", "on_call_role", "moderators_channel", "announcement_channel", "timezone", "country"),
    ),
)

OF_NOBODY: tuple[PersonalTable, ...] = (
    entered(
        t.AuditEntryRow,
        Goes.NEVER,
        nobody=("guild_id", "seq", "action", "actor", "subject", "meeting", "facts", "text_hash", "previous", "digest"),
        why="opaque ids, codes and salted hashes: without the two tables beside it, it names nobody, and the chain must hold",
    ),
    entered(
        incidents.IncidentRow,
        Goes.NEVER,
        nobody=("guild_id", "about", "session_id"),
        why="names nobody and holds no text; with the record it says that something was reported, and what was done",
    ),
    entered(incidents.CheckpointRow, Goes.NEVER, nobody=("guild_id", "seq", "token"), why="signed heads of the chain"),
    entered(incidents.SigningKeyRow, Goes.NEVER, nobody=("name",), why="the process's own, sealed"),
    entered(privacy.DepartedGuildRow, Goes.BY_ITSELF, nobody=("guild_id",), why="goes with the erase it is about"),
    entered(t.DailyUsageRow, Goes.BY_ITSELF, nobody=("key",), why="counters by Zoom host; deleted after a month"),
    entered(t.NoteRow, Goes.NEVER, nobody=("key", "value"), why="facts the process keeps about itself"),
    entered(RateBucketRow, Goes.BY_ITSELF, nobody=("key", "state", "used_ms"), why="limits nobody used go after a day"),
    entered(linking.SpentTicketRow, Goes.BY_ITSELF, nobody=("jti",), why="random; goes when the ticket has expired"),
    entered(
        work_job,
        Goes.BY_ITSELF,
        nobody=("id", "queue_name", "task_name", "lock", "queueing_lock", "args", "status", "worker_id"),
        why="ids of meetings and links only, refused otherwise; done ones are deleted after three days, failed ones after thirty",
    ),
    entered(work_worker, Goes.BY_ITSELF, nobody=("id",), why="processes"),
    entered(work_periodic, Goes.NEVER, nobody=("task_name", "periodic_id"), why="when cron last ran"),
)

REGISTER: tuple[PersonalTable, ...] = (*OF_MEETINGS, *OF_COMMUNITIES, *OF_NOBODY)
