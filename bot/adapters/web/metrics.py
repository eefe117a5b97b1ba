"""`/metrics`: figures for whoever runs the bot, behind a token of their own."""

from __future__ import annotations

import hmac

from aiohttp import web

from bot import metrics


def metrics_routes(token: str | None) -> list[web.RouteDef]:
    """The route; none without a token. Listening on loopback alone is no protection: whatever a proxy passes on arrives from there.

    Prometheus sends the token as `authorization: credentials`
    (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config).
    """
    if token is None:
        return []
    expected = f"Bearer {token}".encode()

    async def show(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, expected):
            raise web.HTTPUnauthorized
        return web.Response(body=metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})

    return [web.get("/metrics", show)]
