"""`vestibule keys rotate`: seals everything in the database with the first of SECRET_KEYS, and says which keys are no longer needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.adapters.store.engine import Database
from bot.adapters.store.mark_rotation import MarkRotation
from bot.adapters.store.rotation import Remains, Rotation
from bot.adapters.store.sealed import Sealer
from bot.domain.errors import NeedsAttention
from bot.settings import Settings
from bot.sharing import first_key_in_use


async def rotate_keys(settings: Settings, tell: Callable[[str], None]) -> bool:
    """Seal everything with the first key. Interrupted, it goes on where it was when it is started again.

    Args:
        tell: is given one line at a time, without any secret.

    Returns:
        Whether every old key may go.

    Raises:
        NeedsAttention: the bot does not know the first key yet, so it could not open what would be sealed with it.
    """
    sealer, database = Sealer(settings.keys), Database.at(settings.database_address)
    try:
        rotation = Rotation(database, sealer)
        before = await rotation.remains()
        if before.old:
            await _demand_known(database, before.current)
        async for step in rotation.run():
            tell(f"{step.table}.{step.name}: {step.seen} of {step.of}")
        marks = MarkRotation(database, sealer)
        if renewed := await marks.run():
            tell(f"link_mark: {renewed} made anew")
        after, known_by = await rotation.remains(), await marks.remains()
        for line in _summary(after, known_by, sealer.key_ids, rotation.unreadable.total()):
            tell(line)
        return not after.old and not known_by
    finally:
        await database.close()


async def _demand_known(database: Database, current: str) -> None:
    if await first_key_in_use(database) != current:
        raise NeedsAttention(
            "The bot was not started with this first key yet, so it could not open what is sealed with it. Restart every process of it "
            "with the new SECRET_KEYS (the new key in front, the old ones behind it), then run this again.",
            code="key_not_in_use",
        )


def _summary(after: Remains, known_by: Mapping[str, int], key_ids: list[str], unreadable: int) -> list[str]:
    lines = [f"{after.by_key.get(after.current, 0)} secrets are sealed with the first key ({after.current})."]
    if unreadable:
        lines.append(
            f"{unreadable} could not be opened with any of SECRET_KEYS and stay as they are: put the key they need back, or restore "
            "them from a backup."
        )
    for place, key_id in enumerate(key_ids[1:], start=2):
        if (needed := after.old.get(key_id, 0)) > 0:
            lines.append(f"Key {place} ({key_id}) is still needed by {needed}: run this again.")
        elif (links := known_by.get(key_id, 0)) > 0:
            lines.append(
                f"Key {place} ({key_id}) seals nothing any more, but only with it can {links} links be known again if somebody posts them (guests' "
                "links are kept nowhere). Run this again when those calls are over."
            )
        else:
            lines.append(
                f"Key {place} ({key_id}) seals nothing any more. It may leave SECRET_KEYS an hour from now, when what it signed has expired; "
                "backups made until now still need it."
            )
    return lines
