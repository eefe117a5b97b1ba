"""Calling off one meeting of a series together with all that come after it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.community import MemberFacts, Right
from bot.domain.errors import UserMistake
from bot.domain.meeting import Meeting
from bot.domain.values import GuildId, MeetingId
from bot.ports import Store
from bot.services.cancelling import OVER, Cancelling
from bot.services.rights import community_where, meeting_of


@dataclass(frozen=True, slots=True)
class RestCancelled:
    """What became of it. `unconfirmed` are those whose deletion Zoom has not confirmed yet; `announced` is the one the channel knew of."""

    meetings: tuple[Meeting, ...]
    links_voided: int
    unconfirmed: tuple[Meeting, ...]

    @property
    def announced(self) -> Meeting | None:
        """The one that stood in the announcement channel, if any did."""
        return next((m for m in self.meetings if m.announcement_message is not None), None)


class SeriesCancelling:
    """The button "Cancel this and the rest" under `/meeting cancel`."""

    def __init__(self, store: Store, cancelling: Cancelling) -> None:
        self._store = store
        self._cancelling = cancelling

    async def cancel_rest(self, who: MemberFacts, guild_id: GuildId, meeting_id: MeetingId) -> RestCancelled:
        """Cancel this meeting and every later one of its series, created or not, in one transaction; then delete them at Zoom.

        Raises:
            UserMistake: it is in no series, nothing is left to cancel, or the person has no right.
        """
        async with self._store.work() as uow:
            await community_where(uow, guild_id, who, Right.ORGANISE)
            first = await meeting_of(uow, guild_id, meeting_id)
            series_id = await uow.series.of(meeting_id)
            of_series = await uow.series.meetings(series_id) if series_id is not None else [first]
            rest = [m for m in of_series if m.starts_at >= first.starts_at and m.state not in OVER]
            if not rest:
                raise UserMistake(
                    "These meetings are already over or cancelled; nothing is left to do.", code="meeting_over"
                )
            marked = [await self._cancelling.mark(uow, meeting, who.member_id) for meeting in rest]
            await uow.commit()
        cancelled = tuple(meeting for meeting, _ in marked)
        unconfirmed = tuple([m for m in cancelled if not await self._cancelling.delete_now(m.meeting_id)])
        return RestCancelled(cancelled, sum(links for _, links in marked), unconfirmed)
