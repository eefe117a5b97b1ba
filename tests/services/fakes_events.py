"""Stand-ins for what follows from events: the moderators' channel, and the hash of an address."""

from __future__ import annotations

from bot.adapters.zoom.events import address_hash
from bot.domain.errors import Undeliverable
from bot.domain.values import ChannelId, MessageId
from bot.ports import Alert


def hashed(address: str) -> str:
    return address_hash(b"event key", address)


class FakeAlerts:
    """Keeps what each posted alert said, version by version. `fail` is raised instead of the next post."""

    def __init__(self) -> None:
        self.posts: dict[MessageId, list[Alert]] = {}
        self.channels: list[ChannelId] = []
        self.once: dict[str, MessageId] = {}
        self.fail: Exception | None = None

    async def post(self, channel_id: ChannelId, alert: Alert, *, once_key: str) -> MessageId:
        if self.fail is not None:
            raise self.fail
        if once_key not in self.once:
            self.once[once_key] = MessageId(9000 + len(self.posts))
            self.posts[self.once[once_key]] = [alert]
            self.channels.append(channel_id)
        return self.once[once_key]

    async def update(self, channel_id: ChannelId, message_id: MessageId, alert: Alert) -> None:
        if message_id not in self.posts:
            raise Undeliverable("That message was deleted.", code="message_gone")
        self.posts[message_id].append(alert)

    @property
    def latest(self) -> list[Alert]:
        return [versions[-1] for versions in self.posts.values()]
