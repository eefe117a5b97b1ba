"""Where personal links are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.invite import Invite
from bot.domain.values import GuildId, InviteId, JoinLink, MeetingId, MemberId


class Invites(Protocol):
    """Personal links."""

    async def current(self, meeting_id: MeetingId, member_id: MemberId) -> Invite | None:
        """The invite that is not revoked, if there is one."""
        ...

    async def current_of(
        self, meeting_id: MeetingId, member_ids: Collection[MemberId], *, hold: bool = False
    ) -> Mapping[MemberId, Invite]:
        """As `current`, for several. `hold`: nobody else changes them until this transaction, which may write, ends."""
        ...

    async def last_generation(self, meeting_id: MeetingId, member_id: MemberId) -> int:
        """0 if this member never had one."""
        ...

    async def last_generations(self, meeting_id: MeetingId, member_ids: Collection[MemberId]) -> Mapping[MemberId, int]:
        """As `last_generation`, for those of them who had one."""
        ...

    async def ownerless_addresses(self, meeting_id: MeetingId) -> Collection[str]:
        """Addresses of members of this meeting whose data was erased; nobody knows whose they were, and they are not used again."""
        ...

    async def add(self, invite: Invite) -> bool:
        """False if this member has a current one already, or the tag is taken in this meeting; nothing is written then."""
        ...

    async def add_all(self, invites: Sequence[Invite]) -> Collection[InviteId]:
        """As `add`, for several; those that were added."""
        ...

    async def save(self, invite: Invite) -> None: ...
    async def save_all(self, invites: Sequence[Invite], links: Mapping[InviteId, JoinLink] | None = None) -> None:
        """Keep several current invites of a meeting, and the links of those in `links`."""
        ...

    async def save_link(self, invite_id: InviteId, link: JoinLink) -> None:
        """Keep the link, sealed and bound to this invite."""
        ...

    async def link(self, invite_id: InviteId) -> JoinLink | None: ...
    async def links(self, invite_ids: Collection[InviteId]) -> Mapping[InviteId, JoinLink]:
        """As `link`, for those of them that have one."""
        ...

    async def of_meeting(self, meeting_id: MeetingId) -> Sequence[Invite]:
        """Every current invite, by shown name."""
        ...

    async def count(self, meeting_id: MeetingId) -> int:
        """How many registrants this meeting has had, revoked ones included (Zoom counts them)."""
        ...

    async def add_coming(self, meeting_id: MeetingId, member_id: MemberId, at: datetime) -> None:
        """This member asked before links were released. Repeating it changes nothing."""
        ...

    async def count_coming(self, meeting_id: MeetingId) -> int:
        """How many said "coming" and hold no current invite."""
        ...

    async def asked(self, meeting_id: MeetingId, member_id: MemberId) -> bool:
        """Whether this member ever asked for this meeting (an invite of any state, or "coming")."""
        ...

    async def held_by(self, guild_id: GuildId, member_id: MemberId) -> Sequence[MeetingId]:
        """The planned meetings of this community for which this member has a current invite."""
        ...

    async def coming_untried(self, meeting_id: MeetingId, limit: int) -> Sequence[MemberId]:
        """Who said "coming", never had an invite, and was not tried yet; those who asked first come first."""
        ...

    async def note_tried(self, meeting_id: MeetingId, member_ids: Sequence[MemberId], at: datetime) -> None:
        """These were tried: they have an invite now, or were not admitted and can ask for themselves."""
        ...
