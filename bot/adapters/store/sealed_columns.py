"""Every secret in the database, in one list: what `vestibule keys rotate` goes through. A test compares it with the tables."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.store.base import Base
from bot.adapters.store.tables import AccountLinkRow, InviteRow, MeetingRow
from bot.adapters.store.tables_incidents import SigningKeyRow
from bot.adapters.store.tables_linking import LinkRequestRow


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`<name>_sealed` and `<name>_key_id` of a table, bound to the row's `row_id` (the repository's `SecretColumn`)."""

    row: type[Base]
    name: str
    row_id: str

    @property
    def table(self) -> str:
        """The table's name."""
        return str(self.row.__tablename__)

    def binding(self, row_id: str) -> str:
        """What a value of this column is bound to; the same as when it was sealed."""
        return f"{self.table}.{self.name}:{row_id}"


SEALED_COLUMNS = (
    SealedColumn(AccountLinkRow, "token", "link_id"),
    SealedColumn(AccountLinkRow, "refresh", "link_id"),
    SealedColumn(LinkRequestRow, "verifier", "request_id"),
    SealedColumn(LinkRequestRow, "token", "request_id"),
    SealedColumn(LinkRequestRow, "refresh", "request_id"),
    SealedColumn(LinkRequestRow, "address", "request_id"),
    SealedColumn(MeetingRow, "passcode", "meeting_id"),
    SealedColumn(MeetingRow, "shared_link", "meeting_id"),
    SealedColumn(InviteRow, "link", "invite_id"),
    SealedColumn(SigningKeyRow, "private", "name"),
)
