"""Pages for people: templates without any script, headers that let a page load nothing but our own stylesheet."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

import aiohttp_jinja2
import jinja2
from aiohttp import web

STYLESHEET = "/pages.css"

_FILES = resources.files("bot.adapters.web")


def install(application: web.Application) -> None:
    """Let the application render our templates. Everything put into them is escaped; a missing value is an error, not a gap."""
    aiohttp_jinja2.setup(
        application,
        loader=jinja2.PackageLoader("bot.adapters.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: web.Request,
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    form_leads_to: str = "",
) -> web.Response:
    """One page, never kept by browsers or proxies and never indexed.

    Args:
        form_leads_to: other sites to which the page's form may lead, as in a policy. Browsers hold a redirect that answers a form
            against `form-action` too (https://www.w3.org/TR/CSP3/#directive-form-action).
    """
    answer = aiohttp_jinja2.render_template(template, request, {**values, "stylesheet": STYLESHEET}, status=status)
    forms = f"'self' {form_leads_to}".rstrip()
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
    )
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def stylesheet_route() -> web.RouteDef:
    """The one file that pages load."""
    text = (_FILES / "static" / "pages.css").read_text("utf-8")

    async def styles(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    return web.get(STYLESHEET, styles)
