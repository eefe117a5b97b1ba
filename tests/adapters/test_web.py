"""The web server over real sockets: health, headers, and what it says when it cannot listen or something breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.adapters.web.health import Check, health_routes
from bot.adapters.web.server import MAX_BODY, SECURITY_HEADERS, WebServer
from bot.domain.errors import NeedsAttention


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def saying(answer: bool | str) -> Check:
    async def check() -> bool | str:
        return answer

    return check


async def broken() -> bool:
    raise RuntimeError("password=canary")


async def endless() -> bool:
    await asyncio.Event().wait()
    return True


async def serve(**checks: Check) -> WebServer:
    server = WebServer("127.0.0.1", 0, health_routes(checks, check_seconds=0.05))
    await server.start()
    return server


async def test_ready_when_every_check_passes(http: aiohttp.ClientSession) -> None:
    server = await serve(store=saying(True), discord=saying(True))
    async with http.get(f"http://127.0.0.1:{server.port}/readyz") as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {"status": "ok", "checks": {"store": "ok", "discord": "ok"}},
        )
    await server.stop()


@pytest.mark.parametrize("bad", [saying(False), saying("no such table: canary"), broken, endless])
async def test_not_ready_while_one_check_fails_and_the_reason_stays_inside(
    http: aiohttp.ClientSession, bad: Check
) -> None:
    server = await serve(store=saying(True), discord=bad)
    with capture_logs() as logs:
        async with http.get(f"http://127.0.0.1:{server.port}/readyz") as answer:
            body = await answer.text()
            assert (answer.status, await answer.json()) == (
                503,
                {"status": "waiting", "checks": {"store": "ok", "discord": "waiting"}},
            )
    assert "canary" not in body
    assert [line["check"] for line in logs] == ["discord"]
    async with http.get(f"http://127.0.0.1:{server.port}/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    await server.stop()


async def fail(_: web.Request) -> web.Response:
    raise ValueError("canary")


async def own_header(_: web.Request) -> web.Response:
    return web.Response(text="x", headers={"Cache-Control": "max-age=60"})


async def read_body(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/healthz", 405),
        ("GET", "/fail", 500),
        ("HEAD", "/healthz", 200),
    ],
)
async def test_every_answer_has_the_safe_headers_and_names_no_software(
    http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    server = WebServer("127.0.0.1", 0, [*health_routes({}), web.get("/fail", fail)])
    await server.start()
    async with http.request(method, f"http://127.0.0.1:{server.port}{path}") as answer:
        assert answer.status == status
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "Server" not in answer.headers
        assert (status == 405) is ("Allow" in answer.headers)
    await server.stop()


async def test_a_route_may_set_its_own_header(http: aiohttp.ClientSession) -> None:
    server = WebServer("127.0.0.1", 0, [web.get("/own", own_header)])
    await server.start()
    async with http.get(f"http://127.0.0.1:{server.port}/own") as answer:
        assert answer.headers.getall("Cache-Control") == ["max-age=60"]
    await server.stop()


async def test_a_bug_becomes_a_reference_that_the_log_explains(http: aiohttp.ClientSession) -> None:
    server = WebServer("127.0.0.1", 0, [web.get("/fail", fail)])
    await server.start()
    with capture_logs() as logs:
        async with http.get(f"http://127.0.0.1:{server.port}/fail?secret=canary") as answer:
            text = await answer.text()
    assert "canary" not in text
    assert logs[0]["reference"] in text
    assert logs[0]["route"] == "/fail"
    await server.stop()


async def test_a_body_that_is_too_large_is_refused(http: aiohttp.ClientSession) -> None:
    server = WebServer("127.0.0.1", 0, [web.post("/body", read_body)])
    await server.start()
    for size, status in ((MAX_BODY, 200), (MAX_BODY + 1, 413)):
        async with http.post(f"http://127.0.0.1:{server.port}/body", data=b"x" * size) as answer:
            assert answer.status == status
    await server.stop()


async def test_a_port_in_use_is_one_clear_sentence() -> None:
    first = await serve()
    second = WebServer("127.0.0.1", first.port, [])
    with pytest.raises(NeedsAttention, match=f"Port {first.port} is in use: .*set PORT"):
        await second.start()
    await second.stop()
    await first.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        pass


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
async def test_an_address_of_somebody_else_is_one_clear_sentence(host: str) -> None:
    with pytest.raises(NeedsAttention, match="no address of this machine"):
        await WebServer(host, 0, []).start()


async def test_stopping_frees_the_port_and_lets_a_request_finish(http: aiohttp.ClientSession) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        started.set()
        await release.wait()
        return web.Response(text="done")

    server = WebServer("127.0.0.1", 0, [web.get("/slow", slow)])
    await server.start()
    port = server.port
    request = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/slow"))
    await started.wait()
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    release.set()
    async with await request as answer:
        assert await answer.text() == "done"
    await stopping
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(f"http://127.0.0.1:{port}/slow")
    await server.stop()
