"""Somebody removed the app at Zoom: their grant is erased here at once, and the organisers are told.

Zoom sends `app_deauthorized` for published apps only (https://developers.zoom.us/docs/api/webhooks/). A private app learns of it when its next call
is refused, which marks the link broken in the same way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.values import AlertId
from bot.ports import AccountLink, Alert, AlertKind, Chance, IncomingEvent, LinkKind, LinkState, UnitOfWork
from bot.services.unlinking import erase_link, next_default, stop_links


async def forget_account(uow: UnitOfWork, event: IncomingEvent, chance: Chance, now: datetime) -> None:
    """Erase what this Zoom user granted, within the transaction that keeps the event. Twice erases what is gone.

    The operator's own account (server-to-server) is only marked: should the app still work, the next call mends it.
    """
    for link_id in await uow.inbox.links_of(event.account_id):
        link = await uow.links.get(link_id)
        if link is None or link.state is LinkState.UNLINKED or not _granted_by(link, event):
            continue
        if link.kind is LinkKind.USER:
            await stop_links(uow, link)
            await erase_link(uow, link)
            await next_default(uow, link)
        else:
            await uow.grants.erase(link_id)
            await uow.links.save(replace(link, state=LinkState.BROKEN))
        await uow.audit.append(link.guild_id, "link.deauthorized", at=now, actor=None)
        await uow.alerts.put(Alert(AlertId(chance.new_id()), link.guild_id, AlertKind.DISCONNECTED, now))


def _granted_by(link: AccountLink, event: IncomingEvent) -> bool:
    return link.zoom_user_id is None or link.zoom_user_id == event.host_id
