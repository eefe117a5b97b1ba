"""What people do in Discord, found the way a person finds it: the button on their newest answer first, then what stands in the channels."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rehearsal.answers import Journals, controls
from bot.rehearsal.cast import Actor
from bot.rehearsal.discord_command_checks import CHAT_INPUT
from bot.rehearsal.discord_commands import Commands
from bot.rehearsal.discord_errors import NotVisible
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_values import Value, find_leaf
from bot.rehearsal.discord_world import Channel, Json, Member, Message
from bot.rehearsal.scenario import IN_BROWSER, Step, TypePart
from bot.rehearsal.scenario_part import Plain
from bot.rehearsal.scenario_words import OWN, code_of
from bot.rehearsal.stage import Stage

_BUTTON, _FIRST_SELECT, _LAST_SELECT = 2, 3, 8


class Deeds:
    """Carries out what a step says people do."""

    def __init__(self, stage: Stage, journals: Journals) -> None:
        self._stage, self._journals = stage, journals

    async def do(self, actor: Actor, step: Step) -> InteractionHandle:
        """One act of one person.

        Raises:
            NotVisible, RefusedByClient: their app does not let them.
        """
        if step.command is not None:
            return await self._command(actor, step)
        if step.press is not None:
            message = self._message_with(actor, step.press, step.on)
            return await self._stage.discord.press(actor.member or actor.user, message, step.press)
        if step.choose is not None:
            message = self._message_with(actor, step.choose, step.on)
            values: list[Value] = [self._value(value) for value in step.values]
            return await self._stage.discord.select(actor.member or actor.user, message, step.choose, values)
        if step.menu is not None:
            message = self._newest_of(self._stage.cast.people[step.points_at or ""])
            return await self._stage.discord.context_menu(_member(actor), step.menu, message, message.channel)
        form = self._journals.of(actor).latest
        if form is None or form.modal is None:
            raise NotVisible(f"{actor.name} has no form open")
        return await self._stage.discord.submit_modal(
            form, {name: self._written(actor, str(value)) for name, value in (step.fill or {}).items()}
        )

    def post_link(self, actor: Actor, step: Step) -> None:
        """Somebody writes a message with the newest link that somebody was given.

        Raises:
            NotVisible, RefusedByClient: there is none, or they cannot write that there.
        """
        links = self._journals.of(self._stage.cast.people[step.posts_link or ""]).links
        if not links:
            raise NotVisible(f"{step.posts_link} has no link that could be posted")
        self._stage.discord.say(_member(actor), self._stage.cast.place(step.channel), f"Everybody come! <{links[-1]}>")

    def _newest_of(self, author: Actor) -> Message:
        posted = [m for channel in self._stage.cast.channels.values() for m in self._stage.discord.messages_in(channel)]
        theirs = [message for message in posted if message.author is author.user]
        if not theirs:
            raise NotVisible(f"no message of {author.name}'s stands anywhere")
        return max(theirs, key=lambda message: message.id)

    def _written(self, actor: Actor, text: str) -> str:
        """What somebody writes into a form: the words, or the code that somebody's browser shows."""
        whose = code_of(text)
        if whose is None:
            return text
        codes = self._journals.of(actor if whose == OWN else self._stage.cast.people[whose]).codes
        if not codes:
            raise NotVisible(f"{actor.name if whose == OWN else whose} was shown no code")
        return codes[-1]

    async def offered(self, actor: Actor, typed: TypePart) -> list[str]:
        """What somebody is offered while they type into an option."""
        member = _member(actor)
        place = self._stage.cast.place(None)
        found = await self._stage.discord.autocomplete(member, place, typed.command, typed.option, typed.text)
        return [str(choice["name"]) for choice in found]

    async def _command(self, actor: Actor, step: Step) -> InteractionHandle:
        member, command = _member(actor), step.command or ""
        place = self._stage.cast.place(step.channel)
        options: dict[str, Value] = {}
        for name, value in step.options.items():
            options[name] = await self._option(member, place, command, name, value)
        return await self._stage.discord.slash(member, place, command, options)

    async def _option(self, member: Member, place: Channel, command: str, name: str, value: Plain) -> Value:
        """The value to send: what was offered for the words typed, a role or person by name, or the words themselves."""
        definition = self._definition(member, command, name)
        if definition.get("autocomplete") and isinstance(value, str):
            found = await self._stage.discord.autocomplete(member, place, command, name, value)
            return str(found[0]["value"]) if found else value
        if isinstance(value, str):
            choices = [str(choice["name"]) for choice in definition.get("choices") or ()]
            starting = [choice for choice in choices if choice.casefold().startswith(value.casefold())]
            return starting[0] if len(starting) == 1 else self._value(value)
        return value

    def _definition(self, member: Member, command: str, option: str) -> Json:
        name, *words = command.removeprefix("/").split()
        commands: Commands = self._stage.discord.commands
        found = commands.named(member.guild, name, CHAT_INPUT)
        if found is None:
            raise NotVisible(f"there is no command /{name}")
        _, definitions = find_leaf(found, words)
        return next((definition for definition in definitions if definition["name"] == option), {})

    def _value(self, text: str) -> Value:
        return self._stage.cast.thing(text) if text[:1] in "@#" and len(text) > 1 else text

    def _message_with(self, actor: Actor, name: str, on: str | None) -> Message:
        for message in self._candidates(actor, on):
            for control in controls(list(message.components)):
                kind = control["type"]
                usable = kind == _BUTTON or _FIRST_SELECT <= kind <= _LAST_SELECT
                if usable and name in (control.get("label"), control.get("placeholder"), control.get("custom_id")):
                    return message
        where = {None: "anything they can see", "announcement": "the announcement", "notice": "the notice"}.get(
            on, f"{on}'s answer"
        )
        raise NotVisible(f'{actor.name} finds no "{name}" on {where}')

    def _candidates(self, actor: Actor, on: str | None) -> Iterator[Message]:
        if on not in (None, "announcement", "notice"):
            yield from self._answers(self._stage.cast.people[str(on)])
            return
        if on is None:
            yield from self._answers(actor)
        posted = [m for channel in self._stage.cast.channels.values() for m in self._stage.discord.messages_in(channel)]
        yield from sorted(posted, key=lambda message: message.id, reverse=True)

    def _answers(self, actor: Actor) -> Iterator[Message]:
        for handle in reversed(self._journals.of(actor).handles):
            yield from reversed(self._journals.standing(handle))


def _member(actor: Actor) -> Member:
    if actor.member is None:
        raise NotVisible(f"{actor.name} is not in the server")
    return actor.member


def described(step: Step, several: bool) -> str:
    """A step's deed as it follows one name or several: 'presses [ Create ]'."""
    verb, rest = _deed(step)
    return f"{(verb.removesuffix('es') if verb == 'presses' else verb.removesuffix('s')) if several else verb} {rest}"


def _deed(step: Step) -> tuple[str, str]:
    if step.command is not None:
        options = "".join(f"  {name}: {_shown(value)}" for name, value in step.options.items())
        return "types", f"/{step.command.removeprefix('/')}{options}"
    if step.press is not None:
        owner = f" on {step.on}'s answer" if step.on not in (None, "announcement", "notice") else ""
        count = {1: "", 2: ", twice"}.get(step.times, f", {step.times} times")
        return "presses", f"[ {step.press} ]{owner}{count}"
    if step.choose is not None:
        return "chooses", f"in “{step.choose}”: {', '.join(step.values) or 'nothing'}"
    if step.fill is not None:
        return "fills", "in " + ", ".join(f"{name}: {_shown(value)}" for name, value in step.fill.items())
    if step.menu is not None:
        return "chooses", f"“{step.menu}” in the menu of {step.points_at}'s newest message"
    if step.posts_link is not None:
        whose = "their own" if step.who == (step.posts_link,) else f"{step.posts_link}'s"
        return "posts", f"{whose} link for all to see"
    if step.type is not None:
        if not step.type.text:
            return "looks", f"at what /{step.type.command} offers for “{step.type.option}”"
        return "types", f"“{step.type.text}” into “{step.type.option}” of /{step.type.command}"
    if step.action in IN_BROWSER:
        return _in_browser(step)
    if step.leaves_call:
        return "leaves", "the call"
    if step.shares is not None:
        return ("shares", "their screen") if step.shares else ("stops", "sharing their screen")
    if step.who == (step.opens,):
        return "opens", "the link"
    return "opens", f"{step.opens}'s {'earlier ' if step.earlier_link else ''}link"


def _in_browser(step: Step) -> tuple[str, str]:
    if step.opens_page is not None:
        return "opens", "the address" if step.opens_page == OWN else f"{step.opens_page}'s address"
    if step.takes_over is not None:
        return "opens", f"in the browser what {step.takes_over}'s browser shows"
    if step.continues:
        return "presses", "the button on the page"
    if step.denies:
        return "says", "no at Zoom"
    return "says", "yes at Zoom" + (f" as {step.consents}" if isinstance(step.consents, str) else "")


def _shown(value: Plain) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
