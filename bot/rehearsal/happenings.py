"""What happens that nobody in the server does: the bot dies, Zoom breaks, an admin changes something."""

from __future__ import annotations

from bot.rehearsal.calling import Calling
from bot.rehearsal.cast import allow_sharing, lock, room_fields, set_removal
from bot.rehearsal.faults import FaultPlan
from bot.rehearsal.scenario import DiscordChange, RolePart, RoomPart, Step, ZoomChange
from bot.rehearsal.scenario_words import DISCORD_CALLS, FAULTS, ZOOM_CALLS, DatabaseWord, EventsWord, span
from bot.rehearsal.stage import Stage
from bot.rehearsal.zoom_state import stamp

_BOT = {
    "restart": "The bot is stopped and started again.",
    "stop": "The bot is stopped.",
    "kill": "The bot is killed: its process is gone from one moment to the next.",
    "start": "The bot is started.",
}
_DATABASE: dict[DatabaseWord, str] = {
    "is stopped": "The bot's database is stopped: it refuses everything.",
    "stays silent": "The bot's database stays silent from now on.",
    "answers again": "The bot's database answers again.",
}


class Happenings:
    """Brings them about, and says in a sentence what happened."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._calling = Calling(stage)

    async def bring_about(self, step: Step) -> str:
        """Do what the step says; the sentence for the transcript."""
        if step.bot is not None:
            return await self._bot(step.bot)
        if step.database is not None:
            self._stage.database.now(step.database)
            return _DATABASE[step.database]
        if step.role is not None:
            return self._role(step.role)
        if step.leaves is not None:
            actor = self._stage.cast.people[step.leaves]
            if actor.member is not None:
                self._stage.discord.leave(actor.member)
            return f"{actor.name} leaves the server."
        if step.kicked is not None:
            actor = self._stage.cast.people[step.kicked]
            if actor.member is not None:
                self._stage.discord.kick(actor.member)
            return f"A moderator kicks {actor.name}."
        if step.call is not None:
            return self._calling.bring_about(step.call)
        if step.zoom is not None:
            return self._zoom(step.zoom)
        return await self._discord(step.discord or DiscordChange(recovers=True))

    async def _bot(self, what: str) -> str:
        if what in ("restart", "stop"):
            await self._stage.stop_bot()
        if what == "kill":
            await self._stage.kill_bot()
        if what in ("restart", "start"):
            await self._stage.start_bot()
        return _BOT[what]

    def _role(self, part: RolePart) -> str:
        cast, discord = self._stage.cast, self._stage.discord
        actors = cast.named(part.to or part.of or ())
        for actor in actors:
            if actor.member is not None and part.give is not None:
                discord.give_role(actor.member, cast.roles[part.give])
            if actor.member is not None and part.take is not None:
                discord.take_role(actor.member, cast.roles[part.take])
        names = " and ".join(actor.name for actor in actors)
        return (
            f"A moderator gives {names} the role {part.give}."
            if part.give
            else f"{names} no longer has the role {part.take}."
        )

    def _zoom(self, change: ZoomChange) -> str:
        zoom = self._stage.zoom
        if change.fault is not None:
            _strike(zoom.faults, change, ZOOM_CALLS[change.when])
            return _announced("Zoom", change, change.when)
        if change.locks is not None:
            lock(zoom, self._stage.account, change.locks)
            return f"An admin at Zoom locks settings for the whole account: {_settings(change.locks)}."
        if change.everyone_can_share_screen is not None:
            allow_sharing(zoom, everyone=change.everyone_can_share_screen)
            return f"At zoom.us, “who can share” is set to {'everyone' if change.everyone_can_share_screen else 'host only'}."
        if change.recovers:
            zoom.faults.clear()
            zoom.faults.release()
            return "Zoom works again."
        if change.events is not None:
            return self._events(change.events)
        if change.removal is not None:
            set_removal(self._stage.account, change.removal)
            return f"From now on, at Zoom, removing somebody {change.removal}."
        if change.removes_app:
            zoom.oauth.remove_app(self._stage.client_id)
            return "At zoom.us the app is removed from the account. Nobody tells the bot."
        return self._meeting(change)

    def _events(self, how: EventsWord) -> str:
        sender = self._stage.events
        sender.copies = 2 if how == "come twice" else 1
        if how == "are held back":
            sender.hold()
        elif how in ("come newest first", "come as usual"):
            sender.release()
        return f"From now on Zoom's events {how}."

    def _meeting(self, change: ZoomChange) -> str:
        zoom = self._stage.zoom
        for meeting in zoom.meetings[-1:]:
            if change.changes_meeting is not None:
                zoom.change_in_portal(meeting.id, {"settings": room_fields(change.changes_meeting)})
            elif change.deletes_meeting:
                zoom.delete_in_portal(meeting.id)
            elif change.moves_meeting is not None and meeting.start is not None:
                zoom.change_in_portal(meeting.id, {"start_time": stamp(meeting.start + span(change.moves_meeting))})
            elif change.registers_by_hand is not None:
                zoom.register_by_hand(meeting.id, change.registers_by_hand, "Somebody")
            elif change.finds_link_posted is not None:
                zoom.live.alert_risk(meeting, change.finds_link_posted)
            elif change.starts_meeting:
                zoom.start_meeting(meeting.id)
                zoom.host_enters(meeting.id)
            else:
                zoom.end_meeting(meeting.id)
        if change.changes_meeting is not None:
            return f"Somebody changes the meeting at zoom.us: {_settings(change.changes_meeting)}."
        if change.deletes_meeting:
            return "Somebody deletes the meeting at zoom.us."
        if change.moves_meeting is not None:
            return f"Somebody moves the meeting at zoom.us: it starts {change.moves_meeting} later."
        if change.finds_link_posted is not None:
            return f"Zoom finds a link into the meeting posted in public, on {change.finds_link_posted}."
        if change.registers_by_hand is not None:
            return "Somebody fills in Zoom's registration page, past the bot."
        return "The host starts the call." if change.starts_meeting else "The host ends the call."

    async def _discord(self, change: DiscordChange) -> str:
        if change.fault is not None:
            _strike(self._stage.discord.faults, change, DISCORD_CALLS[change.when])
            return _announced("Discord", change, change.when)
        if change.drops_connection:
            await self._stage.discord.drop_gateway()
            await self._stage.quiet(0.4)
            return "Discord drops the bot's connection."
        self._stage.discord.faults.clear()
        self._stage.discord.faults.release()
        return "Discord works again."


def _strike(plan: FaultPlan, change: ZoomChange | DiscordChange, match: tuple[str, str]) -> None:
    if change.fault is not None:
        times = None if change.times == "always" else change.times
        plan.add(match, FAULTS[change.fault], times=times, skip=change.after, seconds=change.seconds)


def _announced(service: str, change: ZoomChange | DiscordChange, when: str) -> str:
    asked = "for anything" if when == "anything" else f"to {when}"
    if change.times == "always":
        whenever = "" if when == "anything" else f", whenever it is asked {asked}"
        return f"From now on {service} {change.fault}{whenever}."
    if change.times == 1:
        return f"When {service} is next asked {asked}, it {change.fault}."
    return f"The next {change.times} times {service} is asked {asked}, it {change.fault}."


def _settings(room: RoomPart) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {'on' if on else 'off'}" for name, on in room.chosen.items())
