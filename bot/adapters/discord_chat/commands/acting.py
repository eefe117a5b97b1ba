"""What a press on a live call begins, shared by commands, buttons and menus: do it, show it, let it tick."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from bot.adapters.discord_chat.answering import Asker, answer
from bot.adapters.discord_chat.presses import Interaction
from bot.adapters.discord_chat.replies import acts, live
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.ticking import Ticking
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.community import MemberFacts
from bot.domain.containment import Act
from bot.domain.errors import UserMistake
from bot.domain.values import GuildId, MeetingId, MemberId, ParticipantId

Deed = Callable[[GuildId, MeetingId, MemberFacts], Awaitable[Act]]


class ActingPresses:
    """Each takes the call that was named, or the only live one. Rights are checked by the use case."""

    def __init__(self, use_cases: UseCases) -> None:
        self._live = use_cases.live
        self._ticking = Ticking()

    async def lock(self, interaction: Interaction, named: str | None = None) -> None:
        """Close the door."""
        await self._do(interaction, "live.lock", named, self._live.acting.lock)

    async def unlock(self, interaction: Interaction, named: str | None = None) -> None:
        """Open it again."""
        await self._do(interaction, "live.unlock", named, self._live.acting.unlock)

    async def emergency(self, interaction: Interaction, named: str | None = None) -> None:
        """Everything at once."""
        await self._do(interaction, "live.emergency", named, self._live.acting.emergency)

    async def end(self, interaction: Interaction, meeting: str) -> None:
        """End it for everybody, after the question or from Emergency."""
        await self._do(interaction, "live.ended", meeting, self._live.acting.end)

    async def ask_end(self, interaction: Interaction, named: str | None = None) -> None:
        """Ask once whether it shall end for everybody."""

        async def look(asker: Asker) -> Reply:
            return live.confirm_end(await self._live.desk.panel(asker.who, asker.guild_id, named))

        await answer(interaction, "live.end", look)

    async def remove(self, interaction: Interaction, named: str | None, who: ParticipantId) -> None:
        """Put somebody out; where they have host rights, ask once."""
        await self._remove(interaction, named, participant=who)

    async def remove_member(self, interaction: Interaction, named: str | None, member_id: MemberId) -> None:
        """Put a member out wherever they sit, and give them no new link for this call."""
        await self._remove(interaction, named, member_id=member_id)

    async def remove_anyway(self, interaction: Interaction, meeting: str, who: str) -> None:
        """After the question: a participant's id, or a member's behind an @."""
        deed = partial(self._live.acting.remove, confirmed=True, **live.target(who))
        await self._do(interaction, "live.removed", meeting, deed)

    async def undo(self, interaction: Interaction, named: str | None, member_id: MemberId) -> None:
        """A member who was removed by mistake may have a link again."""
        await self._do(interaction, "live.undo", named, partial(self._live.acting.undo, member_id=member_id))

    async def accept(self, interaction: Interaction, meeting: str, who: ParticipantId) -> None:
        """Let somebody stay who is not on the list."""
        await self._do(interaction, "live.accept", meeting, partial(self._live.acting.accept_guest, participant=who))

    async def _remove(
        self,
        interaction: Interaction,
        named: str | None,
        *,
        participant: ParticipantId | None = None,
        member_id: MemberId | None = None,
    ) -> None:
        async def begin(asker: Asker) -> Act | Reply:
            meeting = await self._live.desk.chosen(asker.who, asker.guild_id, named)
            try:
                return await self._live.acting.remove(
                    asker.guild_id, meeting, asker.who, participant=participant, member_id=member_id
                )
            except UserMistake as mistake:
                if mistake.code != "confirm_host":
                    raise
                return live.confirm_remove(await self._live.desk.around(meeting), meeting, participant, member_id)

        await self._ticking.answer(interaction, "live.remove", begin, self._draw, self._live.acting.changes)

    async def _do(self, interaction: Interaction, name: str, named: str | None, deed: Deed) -> None:
        async def begin(asker: Asker) -> Act | Reply:
            meeting = await self._live.desk.chosen(asker.who, asker.guild_id, named)
            return await deed(asker.guild_id, meeting, asker.who)

        await self._ticking.answer(interaction, name, begin, self._draw, self._live.acting.changes)

    async def _draw(self, act: Act) -> Reply:
        view = await self._live.desk.around(act.meeting_id)
        return acts.act(act, view)
