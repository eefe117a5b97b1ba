"""Incidents: what was reported of a call or done in an emergency, how long its evidence is held, and when people are reminded.

An incident itself names nobody: reports, notes and names stand beside it and can be erased.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType

from bot.domain.values import GuildId, MeetingId, MemberId, SessionId

IncidentId = NewType("IncidentId", str)
ReportId = NewType("ReportId", str)

HELD_AFTER_CLOSING = timedelta(days=30)
"""How long a closed incident still holds what belongs to its call."""
HELD_AT_MOST = timedelta(days=180)
"""How long an incident holds by itself, counted from its opening. Longer needs a legal hold with a name."""
CONFIRM_WITHIN = timedelta(days=7)
"""Zoom drops a report that its sender has not confirmed by then
(https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0067474)."""
REMIND_AFTER = (timedelta(days=3), timedelta(days=6))
SNOOZE = timedelta(days=1)
LAST_CALL = timedelta(hours=6)
"""No reminder comes later than this before the week is over."""
CONSENT_WITHIN = timedelta(minutes=15)
"""How long the first organiser's press waits for the second."""
MAX_SEEN = 2000
"""Characters of what somebody saw, of a note, of a hold's name."""
REPORTS_AN_HOUR = 6
"""Of one person. All of them are kept; whoever has more to say tells a moderator."""


class Category(Enum):
    """What a report is about, gravest first. The value is how it is stored."""

    CHILD_ABUSE = "child_abuse"
    VIOLENCE = "violence"
    SEXUAL = "sexual"
    HATE = "hate"
    HARASSMENT = "harassment"
    ACCOUNT = "account"
    INTRUSION = "intrusion"
    OTHER = "other"


CATEGORY_WORDS = {
    Category.CHILD_ABUSE: "Sexual abuse of a child",
    Category.VIOLENCE: "Violence, or a threat of it",
    Category.SEXUAL: "Sexual images or acts nobody asked for",
    Category.HATE: "Hate against a group",
    Category.HARASSMENT: "Harassment, or private details made public",
    Category.ACCOUNT: "An account or the host role taken over",
    Category.INTRUSION: "Strangers got in",
    Category.OTHER: "Something else",
}


def gravest(categories: Iterable[Category]) -> Category:
    """The gravest of some categories; OTHER of none."""
    order = list(Category)
    return min(categories, key=order.index, default=Category.OTHER)


class Purpose(Enum):
    """What needs the consent of two organisers. The value is how it is stored."""

    REVEAL = "reveal"
    """Show which member a seat belonged to."""
    RELEASE = "release"
    """Lift a legal hold."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of a community. `number` is what people call it by; it counts from 1 in each community.

    It is about a session, a meeting (before its first session), or, with neither, the community. `emergency`: somebody pressed Emergency in it.
    `hold_since` is set while a legal hold is on it. `forgotten_at`: its hold is over, and reports, notes and names are erased.
    """

    incident_id: IncidentId
    guild_id: GuildId
    number: int
    category: Category
    opened_at: datetime
    meeting_id: MeetingId | None = None
    session_id: SessionId | None = None
    emergency: bool = False
    closed_at: datetime | None = None
    hold_since: datetime | None = None
    aftercare_at: datetime | None = None
    forgotten_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Nobody has closed it."""
        return self.closed_at is None

    @property
    def emergency_open(self) -> bool:
        """An emergency is going on: then one organiser may see who is who."""
        return self.emergency and self.open

    def joined(self, category: Category, *, emergency: bool = False) -> Incident:
        """Something more was reported of it."""
        return replace(self, category=gravest((self.category, category)), emergency=self.emergency or emergency)

    def closed(self, at: datetime) -> Incident:
        """Closed; a second closing changes nothing."""
        return self if not self.open else replace(self, closed_at=at)


def held_until(incident: Incident) -> datetime | None:
    """Until when an incident holds what belongs to its call; None: until somebody lifts its legal hold.

    By itself it holds until 30 days after it was closed, and at most 180 days after it was opened.
    """
    if incident.hold_since is not None:
        return None
    limit = incident.opened_at + HELD_AT_MOST
    return limit if incident.closed_at is None else min(limit, incident.closed_at + HELD_AFTER_CLOSING)


def holds(incident: Incident, now: datetime) -> bool:
    """Whether nothing of its call may be erased at `now`."""
    until = held_until(incident)
    return incident.forgotten_at is None and (until is None or now < until)


def next_reminder(reported_at: datetime, now: datetime) -> datetime | None:
    """When the next of the fixed reminders is due after `now`; None after the last."""
    return next((at for span in REMIND_AFTER if (at := reported_at + span) > now), None)


def snoozed(reported_at: datetime, now: datetime) -> datetime | None:
    """A day later, but never so late that the week runs out first; None if there is no time left."""
    last = reported_at + CONFIRM_WITHIN - LAST_CALL
    return min(now + SNOOZE, last) if now < last else None


@dataclass(frozen=True, slots=True)
class Consent:
    """One organiser's yes, waiting for another's."""

    incident_id: IncidentId
    purpose: Purpose
    by: MemberId
    at: datetime

    def completed_by(self, who: MemberId, now: datetime) -> bool:
        """Whether `who` is the second person, in time."""
        return who != self.by and self.at <= now < self.until

    @property
    def until(self) -> datetime:
        """When it counts no more."""
        return self.at + CONSENT_WITHIN

    def waits(self, now: datetime) -> bool:
        """Whether it still counts."""
        return now < self.until


_ZOOM_LINK = re.compile(r"(?:https?://)?[\w.-]*\bzoom(?:gov)?\.(?:us|com(?:\.cn)?|com)/\S*", re.IGNORECASE)
_FILE_LINK = re.compile(
    r"(?:https?://)?(?:cdn|media|images-ext-\d)\.discord(?:app)?\.(?:com|net)/\S*"
    r"|https?://\S+\.(?:png|jpe?g|gif|webp|avif|heic|bmp|mp4|mov|webm|mkv|m4v|avi)\b\S*",
    re.IGNORECASE,
)
_SECRET_PART = re.compile(r"\b(tk|pwd|zak|token|access_token)=[^\s&#]+", re.IGNORECASE)


def words_only(text: str) -> str:
    """What somebody wrote, without anything that lets people into a call or leads to imagery. Other addresses stay: they may be evidence."""
    kept = _ZOOM_LINK.sub("[Zoom link left out]", text.strip()[:MAX_SEEN])
    kept = _FILE_LINK.sub("[link to a file left out]", kept)
    return _SECRET_PART.sub(r"\1=[left out]", kept)
