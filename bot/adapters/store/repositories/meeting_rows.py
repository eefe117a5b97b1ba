"""A meeting as a row, and a row as a meeting."""

from __future__ import annotations

from datetime import UTC

from bot.adapters.store.tables import MeetingRow
from bot.domain.meeting import Meeting
from bot.domain.values import (
    ChannelId,
    GuildId,
    LinkId,
    MeetingId,
    MemberId,
    MessageId,
    RoleId,
    ZoomMeetingId,
    ZoomUserId,
)


def meeting_columns(meeting: Meeting) -> dict[str, object]:
    """The columns of a meeting; alternative hosts and secrets stand elsewhere."""
    return {
        "meeting_id": meeting.meeting_id,
        "guild_id": meeting.guild_id,
        "link_id": meeting.link_id,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "starts_at": meeting.starts_at,
        # Added up in UTC: in a zone with summer time the sum could be an hour off.
        "ends_at": meeting.starts_at.astimezone(UTC) + meeting.duration,
        "profile": meeting.profile,
        "created_by": meeting.created_by,
        "planned_at": meeting.planned_at,
        "state": meeting.state,
        "door": meeting.door,
        "personal_links": meeting.personal_links,
        "waiting_room": meeting.waiting_room,
        "telephone": meeting.telephone,
        "extra_role": meeting.extra_role,
        "zoom_id": meeting.zoom_id,
        "confirmed_at": meeting.confirmed_at,
        "blocked_by_read_back": list(meeting.blocked_by_read_back),
        "announcement_channel": meeting.announcement_channel,
        "announcement_message": meeting.announcement_message,
        "replaces": meeting.replaces,
        "replaced_by": meeting.replaced_by,
    }


def meeting_from(row: MeetingRow, alternative_hosts: tuple[ZoomUserId, ...]) -> Meeting:
    """The meeting a row holds."""
    return Meeting(
        meeting_id=MeetingId(row.meeting_id),
        guild_id=GuildId(row.guild_id),
        link_id=LinkId(row.link_id),
        host_id=ZoomUserId(row.host_id),
        topic=row.topic,
        starts_at=row.starts_at,
        duration=row.ends_at - row.starts_at,
        profile=row.profile,
        created_by=MemberId(row.created_by),
        planned_at=row.planned_at,
        state=row.state,
        door=row.door,
        personal_links=row.personal_links,
        waiting_room=row.waiting_room,
        telephone=row.telephone,
        extra_role=None if row.extra_role is None else RoleId(row.extra_role),
        alternative_hosts=alternative_hosts,
        zoom_id=None if row.zoom_id is None else ZoomMeetingId(row.zoom_id),
        confirmed_at=row.confirmed_at,
        blocked_by_read_back=tuple(row.blocked_by_read_back),
        announcement_channel=None if row.announcement_channel is None else ChannelId(row.announcement_channel),
        announcement_message=None if row.announcement_message is None else MessageId(row.announcement_message),
        replaces=None if row.replaces is None else MeetingId(row.replaces),
        replaced_by=None if row.replaced_by is None else MeetingId(row.replaced_by),
    )
