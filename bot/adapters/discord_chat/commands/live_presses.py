"""The buttons and menus of the panel, its alerts and the private answers beside it. Rights are checked anew on every press."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.discord_chat.answering import Asker, answer, answer_person
from bot.adapters.discord_chat.commands.acting import ActingPresses
from bot.adapters.discord_chat.commands.report import Reports
from bot.adapters.discord_chat.presses import (
    LIVE_CHOOSE,
    LIVE_EMERGENCY,
    LIVE_END,
    LIVE_END_NOW,
    LIVE_LOCK,
    LIVE_NOT,
    LIVE_ROSTER,
    LIVE_UNLOCK,
    NAME_MINE,
    SEAT_ACCEPT,
    SEAT_REMOVE,
    SEAT_REMOVE_CONFIRM,
    SEAT_REPORT,
    SEAT_WHOSE,
    Handler,
    Interaction,
    Press,
    chosen_values,
)
from bot.adapters.discord_chat.replies import live, names
from bot.adapters.discord_chat.replies.seats import unpacked
from bot.adapters.discord_chat.replies.shape import Reply
from bot.adapters.discord_chat.use_cases import UseCases
from bot.domain.concerns import Answer
from bot.domain.values import AlertId, MeetingId, MemberId

Subject = tuple[str, ...]


class LivePresses:
    """What happens on each press."""

    def __init__(self, use_cases: UseCases, acting: ActingPresses, reports: Reports) -> None:
        self._live = use_cases.live
        self._acting = acting
        self._reports = reports

    def presses(self) -> Mapping[Press, Handler]:
        """By kind of press."""
        acting = self._acting
        return {
            LIVE_LOCK: lambda pressed, subject: acting.lock(pressed, subject[0]),
            LIVE_UNLOCK: lambda pressed, subject: acting.unlock(pressed, subject[0]),
            LIVE_EMERGENCY: lambda pressed, subject: acting.emergency(pressed, subject[0]),
            LIVE_END: lambda pressed, subject: acting.ask_end(pressed, subject[0]),
            LIVE_END_NOW: lambda pressed, subject: acting.end(pressed, subject[0]),
            LIVE_NOT: self._leave,
            LIVE_CHOOSE: self._choose,
            LIVE_ROSTER: self._roster,
            SEAT_REMOVE: lambda pressed, subject: acting.remove(pressed, subject[0], unpacked(subject[1])),
            SEAT_REMOVE_CONFIRM: lambda pressed, subject: acting.remove_anyway(pressed, subject[0], subject[1]),
            SEAT_ACCEPT: lambda pressed, subject: acting.accept(pressed, subject[0], unpacked(subject[1])),
            SEAT_WHOSE: self._whose,
            SEAT_REPORT: self._report,
            NAME_MINE: self._name,
        }

    async def _leave(self, interaction: Interaction, _: Subject) -> None:
        async def work(_: Asker) -> Reply:
            return live.LEFT

        await answer(interaction, "live.leave", work, in_place=True)

    async def _roster(self, interaction: Interaction, subject: Subject) -> None:
        async def look(asker: Asker) -> Reply:
            view = await self._live.desk.panel(asker.who, asker.guild_id, subject[0])
            return live.roster(view, int(subject[1]))

        private = interaction.message is not None and interaction.message.flags.ephemeral
        await answer(interaction, "live.roster", look, in_place=private)

    async def _choose(self, interaction: Interaction, subject: Subject) -> None:
        """From the panel: what can be done about them. From the pick-list of Emergency: out at once."""
        (chosen,) = chosen_values(interaction)
        if len(subject) > 1:
            await self._acting.remove(interaction, subject[0], unpacked(chosen))
            return

        async def look(asker: Asker) -> Reply:
            return live.one_person(
                *await self._live.desk.seat(asker.who, asker.guild_id, MeetingId(subject[0]), unpacked(chosen))
            )

        await answer(interaction, "live.choose", look)

    async def _whose(self, interaction: Interaction, subject: Subject) -> None:
        async def look(asker: Asker) -> Reply:
            meeting, who = MeetingId(subject[0]), unpacked(subject[1])
            return live.whose_link(await self._live.desk.whose(asker.who, asker.guild_id, meeting, who))

        await answer(interaction, "live.whose", look)

    async def _report(self, interaction: Interaction, subject: Subject) -> None:
        """A form cannot come after "thinking", so the person is looked up first, in memory where the call is."""
        who = unpacked(subject[1])
        about, may_remove = self._live.desk.name_at_hand(MeetingId(subject[0]), who)
        await self._reports.open_form(
            interaction, MeetingId(subject[0]), participant_uuid=who, about=about, may_remove=may_remove
        )

    async def _name(self, interaction: Interaction, subject: Subject) -> None:
        """Only the member whose name it is; also in a direct message."""
        message, said = AlertId(subject[0]), subject[1]

        async def work(member_id: MemberId) -> Reply:
            if said == names.ASK:
                await self._live.desk.name_is_whose(member_id, message)
                return names.name_form(message)
            await self._live.desk.answer_name(member_id, message, Answer(said))
            return names.thanks(Answer(said))

        await answer_person(interaction, "press.name", work)
