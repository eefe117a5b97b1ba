"""Marks of personal links: keyed hashes under a key of their own, by which a posted link is known again.

A mark keeps the id of the key it was made with; a posted link is looked for under every key of SECRET_KEYS. So a change of keys loses no mark as
long as the old key is listed, and `vestibule keys rotate` makes marks anew from the links that are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.tables_leaks import LinkMarkRow
from bot.domain.values import GuestId, InviteId, JoinLink
from bot.domain.zoom_links import LinkToken, link_mark, token_of

PURPOSE = "link-mark"
"""What the key of marks is derived for."""


class LinkMarks:
    """Makes marks, and the marks a link may have."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def note_all(self, links: Mapping[InviteId, JoinLink]) -> None:
        """Keep the marks of links that were just made, in one statement. A repeat changes nothing."""
        await self._note([self._values(link, invite_id, None) for invite_id, link in links.items()])

    async def note_guest(self, guest_id: GuestId, link: JoinLink) -> None:
        """The same for a guest's."""
        await self._note([self._values(link, None, guest_id)])

    async def _note(self, marks: Sequence[Mapping[str, object] | None]) -> None:
        rows = [dict(mark) for mark in marks if mark is not None]
        if rows:
            adding = insert_into(self._session, LinkMarkRow).on_conflict_do_nothing()
            # Through the connection: as a list of rows the statement is compiled once, not once for every number of them.
            await (await self._session.connection()).execute(adding, rows)

    def _values(
        self, link: JoinLink, invite_id: InviteId | None, guest_id: GuestId | None
    ) -> Mapping[str, object] | None:
        """A meeting's own link has no mark."""
        token = token_of(link)
        if token is None:
            return None
        mark = link_mark(self._sealer.derive(PURPOSE), token)
        return {"mark": mark, "key_id": self._sealer.key_ids[0], "invite_id": invite_id, "guest_id": guest_id}

    def possible(self, token: LinkToken) -> list[str]:
        """The mark under every key, the first key's first."""
        return [link_mark(key, token) for key in self._sealer.derive_all(PURPOSE).values()]
