"""What people got from the bot: their answers in order, and the links in them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from bot.domain.linking import START_PATH
from bot.rehearsal.cast import Actor
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.discord_sight import SeenItem
from bot.rehearsal.discord_text import message_text
from bot.rehearsal.discord_world import Json, Message
from bot.rehearsal.reading import squeezed
from bot.rehearsal.stage import PUBLIC_URL, Stage
from bot.rehearsal.zoom_links import WEB

ASKING = "Get my link"
ADDRESS = PUBLIC_URL + START_PATH


@dataclass
class Journal:
    """One person's side of the story. `links` are those shown to them, in the order of their first showing.

    `seat` is the `participant_uuid` under which they were last let into a call or its waiting room.

    Of linking: `addresses` they were given, `codes` and `cookies` their browser was, `pages` of the bot's it showed, and the text of the `page` it
    shows now, None if they did something in Discord since.
    """

    actor: Actor
    handles: list[InteractionHandle] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    last_link: str | None = None
    link_before: str | None = None
    choices: list[str] = field(default_factory=list)
    trouble: str = ""
    opened: str = ""
    shown_as: str = ""
    seat: str = ""
    outcome: str = ""
    addresses: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    page: str | None = None

    @property
    def latest(self) -> InteractionHandle | None:
        """Their newest act."""
        return self.handles[-1] if self.handles else None


class Journals:
    """Everybody's journal, and how the answers in it are read."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._by_name = {name: Journal(actor) for name, actor in stage.cast.people.items()}

    def of(self, actor: Actor) -> Journal:
        """This person's journal."""
        return self._by_name[actor.name]

    @property
    def everyone(self) -> list[Journal]:
        """All journals."""
        return list(self._by_name.values())

    def owner(self, link: str) -> str | None:
        """Who was the first to be shown this link."""
        return next((journal.actor.name for journal in self.everyone if link in journal.links), None)

    def links_in(self, items: list[Message]) -> list[str]:
        """The ways into a call that stand in these messages now."""
        texts = [str([m.content, list(m.embeds), list(m.components)]) for m in items]
        known = [secret for secret in self._stage.zoom.secrets() if secret.startswith(WEB)]
        found = [link for link in known if any(link in text for text in texts)]
        return [link for link in found if not any(link != longer and link in longer for longer in found)]

    def standing(self, handle: InteractionHandle) -> list[Message]:
        """The messages of an answer that are still there and can be read."""
        return [m for m in handle.messages if m.deleted_at is None and not m.now.loading]

    def text(self, handle: InteractionHandle) -> str:
        """An answer as Discord's markup."""
        parts = [message_text(message) for message in self.standing(handle)]
        return "\n".join(parts)

    def read(self, handle: InteractionHandle) -> str:
        """An answer as read by a person."""
        return self._stage.reader.read(self.text(handle), self._stage.clock.now())

    def earlier(self, handle: InteractionHandle) -> list[str]:
        """What an answer said before it said what it says now, as Discord's markup, oldest first."""
        texts = [message_text(version) for version in handle.history if not version.loading]
        now = {message_text(message) for message in self.standing(handle)}
        return [text for text in dict.fromkeys(texts) if text not in now]

    def note(self, journal: Journal, handle: InteractionHandle) -> None:
        """Take down the links in an answer."""
        found = self.links_in(self.standing(handle))
        journal.links += [link for link in found if link not in journal.links]
        for address in _addresses(self.standing(handle)):
            journal.addresses += [address] if address not in journal.addresses else []
        journal.link_before = journal.last_link or journal.link_before
        journal.last_link = found[0] if found else None

    @property
    def given(self) -> dict[str, str]:
        """Everything that was given to one person for linking, and to whom."""
        return {
            secret: journal.actor.name
            for journal in self.everyone
            for secret in (*journal.addresses, *map(_ticket, journal.addresses), *journal.codes, *journal.cookies)
        }

    def direct(self, actor: Actor) -> list[SeenItem]:
        """The direct messages somebody has."""
        return [item for item in self._stage.discord.visible_to(actor.user) if item.kind == "direct"]

    def mask(self, text: str) -> str:
        """`text` with every secret of the stage taken out; links say whose they are."""
        given = self.given
        known = (*self._stage.zoom.secrets(), *self._stage.own_secrets, *given)
        secrets = sorted((secret for secret in known if secret in text), key=len)
        for secret in reversed(secrets):
            if secret.startswith(WEB):
                owner = self.owner(secret)
                kind = secret.removeprefix(f"{WEB}/").partition("/")[0]
                text = text.replace(secret, f"{WEB}/{kind}/…" + (f"  ({owner}'s own)" if owner else ""))
            elif secret.startswith(ADDRESS):
                text = text.replace(secret, f"{ADDRESS}…  ({given[secret]}'s own)")
            elif len(secret) >= 8 or secret in given:
                text = text.replace(secret, "…")
        return text


def mentions(text: str, wanted: str) -> bool:
    """Whether a person reading `text` would say that it says `wanted`."""
    return squeezed(wanted) in squeezed(text)


def _addresses(messages: list[Message]) -> list[str]:
    """The personal addresses for linking that stand in these messages now."""
    texts = [json.dumps(list(message.components)) for message in messages]
    return [address for text in texts for address in re.findall(rf"{re.escape(ADDRESS)}[\w.~-]+", text)]


def _ticket(address: str) -> str:
    return address.removeprefix(ADDRESS)


def controls(components: list[Json]) -> list[Json]:
    """Every button, menu and field, whatever it stands in."""
    found: list[Json] = []
    for component in components:
        inner = [
            *component.get("components", ()),
            *(component[n] for n in ("accessory", "component") if n in component),
        ]
        found += [component] if "custom_id" in component else []
        found += controls(inner)
    return found
