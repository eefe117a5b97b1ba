"""Tries to get a secret past the log pipeline: every line goes through the real set-up and is searched for what must not be there."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from bot import redaction
from bot.domain.values import JoinLink, Passcode
from bot.logs import bound, configure_logs, register_secret
from bot.redaction import Redactor

CORE = "kQ9xCanary7ZpW2"
"""Sits inside every secret below; a line that holds it has leaked."""

JWT = (
    "eyJhbGciOiJIUzI1NiJ9."
    + base64.urlsafe_b64encode(b'{"n":"%s"}' % CORE.encode()).decode().rstrip("=")
    + f".{CORE}sig"
)
SECRETS = {
    "personal link": f"https://us02web.zoom.us/w/85012345678?tk={CORE}.DQgAAA&pwd=abc",
    "plain link": f"https://zoom.us/j/85012345678?pwd={CORE}.1",
    "link without scheme": f"us06web.zoom.us/j/{CORE}",
    "vanity link": f"https://example-org.zoom.us/my/{CORE}",
    "start link": f"https://us02web.zoom.us/s/85012345678?zak={CORE}",
    "government link": f"https://www.zoomgov.com/j/16012345678?pwd={CORE}",
    "registration link": f"https://zoom.us/meeting/register/{CORE}",
    "app scheme": f"zoommtg://zoom.us/join?confno=85012345678&pwd={CORE}",
    "stand-in link": f"http://127.0.0.1:8123/w/850?tk={CORE}",
    "bearer": f"Bearer {CORE}{CORE}",
    "basic": "Basic " + base64.b64encode(f"id:{CORE}".encode()).decode(),
    "jwt": JWT,
    "discord token": f"MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe.{CORE}abcdefghijklmnopqr",
    "webhook path": f"https://discord.com/api/v10/webhooks/1234567890123456/{CORE}_token-x/messages/@original",
    "callback path": f"/interactions/1234567890123456/aW50{CORE}/callback",
    "interaction token": "aW50ZXJhY3Rpb246MTIzNDU2" + CORE,
    "fernet token": "gAAAAAB" + CORE + "x" * 60,
    "database url": f"postgresql+psycopg://vestibule:{CORE}@db.example.org/vestibule",
    "form": f"grant_type=refresh_token&refresh_token={CORE}",
    "json": json.dumps({"join_url": f"x-{CORE}", "password": f"{CORE} with spaces"}),
    "repr": repr({"passcode": CORE, "h323_password": CORE}),
    "assignment": f"passcode={CORE}",
    "header": f"Authorization: {CORE}",
    "oauth code": f"/oauth/callback?code={CORE}&state={CORE}",
}


def never_in(output: str) -> None:
    bare = CORE.encode()
    forms = {CORE, quote(CORE), *(base64.b64encode(b"x" * shift + bare).decode()[4:-4] for shift in range(3))}
    for form in forms:
        assert form not in output, output
    assert "tk=D" not in output


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    out = io.StringIO()
    configure_logs(level="debug", form="json", stream=out, secrets=(f"literal-{CORE}",))
    yield out
    structlog.contextvars.clear_contextvars()


def without_pytests_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest's log capture formats records too, and fails where ours must not."""
    root = logging.getLogger()
    monkeypatch.setattr(
        root, "handlers", [handler for handler in root.handlers if type(handler).__module__ == "bot.logs"]
    )


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@dataclass
class Holder:
    join_url: str
    note: str = "kept"


class Loud:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<Loud {self.text}>"


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


WRAPPINGS: dict[str, Callable[[str], object]] = {
    "text": lambda secret: f"before {secret} after",
    "quoted": lambda secret: f'<a href="{secret}">',
    "list": lambda secret: [1, [2, [secret]]],
    "tuple": lambda secret: ("x", (secret, 2, 3)),
    "set": lambda secret: {secret},
    "dict value": lambda secret: {"a": {"b": [{"c": secret}]}},
    "dict key": lambda secret: {secret: 1},
    "bytes": lambda secret: secret.encode(),
    "bytearray in dict": lambda secret: {"body": bytearray(secret.encode())},
    "object": Loud,
    "exception": lambda secret: ValueError("bad", secret),
    "multidict": lambda secret: CIMultiDict({"X-Note": secret}),
    "json in text": lambda secret: json.dumps({"outer": json.dumps({"inner": secret})}),
    "escaped slashes": lambda secret: secret.replace("/", "\\/"),
    "unicode escapes": lambda secret: secret.replace("/", "\\u002f").replace("=", "\\u003d").replace("&", "\\u0026"),
    "percent": lambda secret: quote(secret, safe=""),
    "percent twice": lambda secret: quote(quote_plus(secret), safe=""),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 with something before": lambda secret: "data:" + base64.urlsafe_b64encode(b"xy" + secret.encode()).decode(),
    "html": lambda secret: secret.replace("&", "&amp;"),
    "upper-case scheme": lambda secret: secret.replace("https://", "HTTPS://").replace("zoom.us", "Zoom.US"),
    "deep": lambda secret: [[[[[[[[[[[[secret]]]]]]]]]]]],
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("kind", SECRETS)
def test_no_wrapping_of_a_secret_gets_through(stream: io.StringIO, kind: str, wrapping: str) -> None:
    wrapped = WRAPPINGS[wrapping](SECRETS[kind])
    structlog.get_logger("ours").info("sent", detail=wrapped)
    structlog.get_logger("ours").info("sent %s", wrapped)
    logging.getLogger("discord.gateway").warning("payload %s", wrapped)
    logging.getLogger("sqlalchemy.engine").warning("parameters: %(p)r", {"p": wrapped})
    assert len(lines(stream)) == 4
    never_in(stream.getvalue())


@pytest.mark.parametrize("kind", SECRETS)
def test_the_readable_form_masks_as_well(stream: io.StringIO, kind: str) -> None:
    configure_logs(level="debug", form="console", stream=stream)
    structlog.get_logger("ours").info(f"event {SECRETS[kind]}", detail=SECRETS[kind], more={"x": [SECRETS[kind]]})
    try:
        raise ValueError(SECRETS[kind])
    except ValueError:
        logging.getLogger("aiohttp.server").exception("failed")
    never_in(stream.getvalue())
    assert "failed" in stream.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "token",
            "access_token",
            "refreshToken",
            "Client-Secret",
            "password",
            "h323_password",
            "PASSCODE",
            "pwd",
            "tk",
            "zak",
        ),
        *(
            "link",
            "join_url",
            "joinUrl",
            "start_url",
            "personal_link",
            "Authorization",
            "cookie",
            "Set-Cookie",
            "api_key",
        ),
        *("webhook_secret", "pin", "credentials"),
    ],
)
def test_what_stands_under_a_secret_name_is_masked_whatever_it_looks_like(stream: io.StringIO, name: str) -> None:
    log = structlog.get_logger("ours")
    log.info("direct", **{name: CORE})
    log.info("nested", data={"x": [{name: [CORE, {"y": CORE}]}]})
    log.info("number", **{name: 8675309})
    log.info("pairs", headers=[(name, CORE), (name.encode(), CORE.encode())])
    log.info(f"text {name}={CORE} and {name}: '{CORE}' and {{'{name}': '{CORE} {CORE}'}}")
    logging.getLogger("procrastinate").warning("job %s", CIMultiDict({name: CORE}))
    never_in(stream.getvalue())
    assert "8675309" not in stream.getvalue()


def test_what_helps_stays_readable(stream: io.StringIO) -> None:
    facts = {
        "guild_id": 123456789012345678,
        "meeting_id": "01JD3Q4ZK8M2N6P7R9S0T1V2W3",
        "link_id": "01JD3Q4ZK8M2N6P7R9S0T1V2W4",
        "code": "meeting_gone",
        "status": 429,
        "verified": True,
        "path": "/v2/meetings/85012345678/registrants",
        "why": "Zoom refuses the app's secret. Copy it again from zoom.us > App Credentials.",
        "seconds": 0.25,
        "nothing": None,
    }
    structlog.get_logger("ours").info("meeting_created", **facts)
    (line,) = lines(stream)
    assert {name: line[name] for name in facts} == facts
    assert (line["event"], line["level"], line["logger"]) == ("meeting_created", "info", "ours")
    assert re.fullmatch(r"2\d{3}-\d\d-\d\dT[\d:.]+Z", line["timestamp"])


def test_split_over_keywords_the_telling_halves_are_masked(stream: io.StringIO) -> None:
    structlog.get_logger("ours").info(
        "split", host="us02web.zoom.us", path="/w/850", query=f"tk={CORE}", raw=f"pwd={CORE}&uname=Ana"
    )
    structlog.get_logger("ours").info("split", url=URL("https://us02web.zoom.us/w/850").with_query(tk=CORE))
    never_in(stream.getvalue())


def test_bound_ids_are_on_every_line_inside_and_bound_secrets_are_masked(stream: io.StringIO) -> None:
    async def work() -> None:
        with bound(command="join", guild_id=7, note=SECRETS["personal link"]):
            await asyncio.create_task(asyncio.sleep(0))
            structlog.get_logger("ours").info("one")
            logging.getLogger("discord.client").warning("two")
        structlog.get_logger("ours").info("three")

    asyncio.run(work())
    inside = [line for line in lines(stream) if line["event"] in ("one", "two")]
    assert [(line["command"], line["guild_id"]) for line in inside] == [("join", 7), ("join", 7)]
    assert "command" not in next(line for line in lines(stream) if line["event"] == "three")
    never_in(stream.getvalue())


def _chained() -> None:
    try:
        try:
            raise KeyError(SECRETS["personal link"])
        except KeyError as first:
            raise RuntimeError(f"while {SECRETS['bearer']}") from first
    except RuntimeError:
        error = ValueError({"password": CORE})
        error.add_note(f"note: {SECRETS['jwt']}")
        raise ExceptionGroup("several", [error, OSError(SECRETS["webhook path"])])  # noqa: B904  (the context is the test)


def test_chained_grouped_and_noted_exceptions_are_masked_and_stay_useful(stream: io.StringIO) -> None:
    try:
        _chained()
    except ExceptionGroup as error:
        structlog.get_logger("ours").error("failed", exc_info=True)
        structlog.get_logger("ours").error("failed", exc_info=error)
        structlog.get_logger("ours").error("failed", error=error, text=str(error), trace=traceback.format_exc())
        logging.getLogger("aiohttp.client").exception("failed")
        logging.getLogger("asyncio").error("failed", exc_info=error)
    never_in(stream.getvalue())
    assert len(lines(stream)) == 5
    assert all("_chained" in line["exception"] for line in lines(stream) if "exception" in line)
    assert stream.getvalue().count("RuntimeError") >= 4


def test_a_record_that_cannot_be_formatted_does_not_print_its_arguments(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pytests_own(monkeypatch)
    logging.getLogger("discord").warning("%d people", SECRETS["personal link"])
    logging.getLogger("discord").warning("two %s %s", SECRETS["personal link"])
    shown = capsys.readouterr()
    never_in(stream.getvalue() + shown.out + shown.err)
    assert stream.getvalue().count("could not be written") == 2


def test_uncaught_errors_of_threads_and_destructors_take_the_pipeline(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    class Doomed:
        def __del__(self) -> None:
            raise ValueError(SECRETS["jwt"])

    def fail() -> None:
        raise ValueError(SECRETS["personal link"])

    hooks = threading.excepthook, sys.unraisablehook
    configure_logs(level="info", form="json", stream=stream)
    threading.Thread(target=fail).start()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(5)
    doomed = Doomed()
    del doomed
    try:
        fail()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    threading.excepthook, sys.unraisablehook = hooks
    shown = capsys.readouterr()
    never_in(stream.getvalue() + shown.out + shown.err)
    assert [line["event"] for line in lines(stream)] == ["uncaught_error"] * 3


def test_registered_literals_are_masked_in_every_form(stream: io.StringIO) -> None:
    register_secret(f"s3cr3t/{CORE}+x=")
    literal = f"s3cr3t/{CORE}+x="
    for form in (
        literal,
        quote(literal, safe=""),
        base64.b64encode(literal.encode()).decode(),
        json.dumps(literal),
        f"literal-{CORE}",
    ):
        structlog.get_logger("ours").info("seen", text=f"<{form}>", raw=form.encode())
    never_in(stream.getvalue())


def test_short_literals_do_not_blank_the_logs() -> None:
    redactor = Redactor()
    redactor.register("a")
    redactor.register("")
    assert redactor.text("a man") == "a man"


def test_secret_objects_are_masked(stream: io.StringIO) -> None:
    structlog.get_logger("ours").info(
        "made", one=JoinLink(CORE), two=[Passcode(CORE)], holder=Holder(SECRETS["plain link"])
    )
    never_in(stream.getvalue())
    assert "JoinLink(***)" in stream.getvalue()
    assert "kept" in stream.getvalue()


def test_what_cannot_print_itself_or_contains_itself_does_no_harm(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pytests_own(monkeypatch)
    loop: dict[str, Any] = {"a": 1}
    loop["self"] = [loop]
    structlog.get_logger("ours").info("odd", thing=Unprintable(), loop=loop)
    (line,) = lines(stream)
    assert line["thing"] == "<Unprintable>"


def test_levels_keep_the_libraries_from_printing_bodies(stream: io.StringIO) -> None:
    for name in ("discord.http", "sqlalchemy.engine", "aiosqlite"):
        logging.getLogger(name).info("body")
    logging.getLogger("discord.gateway").debug("event")
    logging.getLogger("aiohttp.access").critical("GET /")
    assert stream.getvalue() == ""
    logging.getLogger("discord.client").info("ready")
    assert "ready" in stream.getvalue()


def test_auto_is_json_where_no_terminal_reads() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    machine, terminal = io.StringIO(), Terminal()
    root = logging.getLogger()
    before = list(root.handlers), root.level
    for out in (machine, terminal):
        configure_logs(form="auto", stream=out)
        structlog.get_logger("ours").warning("hello", guild_id=7)
    root.handlers[:], _ = before
    root.setLevel(before[1])
    assert json.loads(machine.getvalue())["event"] == "hello"
    assert "hello" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_a_line_that_is_long_and_odd_is_searched_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were one rule to begin anew at every character, one of these would take longer than a test may."""
    monkeypatch.setattr(redaction, "_MAX_TEXT", 200_000)
    redactor = Redactor()
    for piece in (
        "a",
        "a.",
        "token",
        "token_",
        "password='",
        "zoom",
        "https://",
        "eyJ",
        "%25",
        "\\u00",
        "Bearer ",
        "a-b=",
        '"\\',
    ):
        redactor.text(piece * (200_000 // len(piece)))


@pytest.mark.parametrize("before", ["", "x", "x-", "a.b.c.d.", "eyJ.", "eyJeyJ", "|"])
def test_a_token_is_masked_whatever_stands_before_it(before: str) -> None:
    assert "c2lnbmF0dXJl" not in Redactor().text(f"{before}eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl")
    assert "hush" not in Redactor().text("https://a.example/?|https://a.example/x?hush=1")
    assert "hush" not in Redactor().text(f"{before * 30}access_token_of_the_account=hush")


_noise = st.text(st.characters(codec="utf-8"), max_size=30)
_names = st.sampled_from(["note", "body", "args", "x", "details", "payload"])
_secret = st.sampled_from(sorted(SECRETS.values()))


def _values() -> st.SearchStrategy[object]:
    leaf = st.builds(lambda before, secret, after: f"{before} {secret} {after}", _noise, _secret, _noise)
    leaves = leaf | leaf.map(str.encode) | leaf.map(Loud) | leaf.map(ValueError) | _noise | st.integers() | st.none()
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3) | st.tuples(inner, inner)
        ),
        max_leaves=8,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(_values())
def test_no_nesting_gets_a_secret_through(stream: io.StringIO, value: object) -> None:
    stream.truncate(0)
    stream.seek(0)
    structlog.get_logger("ours").info("x", value=value)
    logging.getLogger("discord").warning("%s", value)
    never_in(stream.getvalue())
    assert len(lines(stream)) == 2


@settings(deadline=None, max_examples=200)
@given(_noise, st.sampled_from(["", " ", ",", "(", "'", '"', "|", "\n", "=", ">"]))
def test_a_fresh_key_is_masked_wherever_it_stands(noise: str, before: str) -> None:
    key = Fernet.generate_key().decode()
    assert key not in Redactor().text(f"{noise} key{before} {key} {noise}")


def test_a_log_file_written_through_the_pipeline_holds_no_secret(tmp_path: Path, stream: io.StringIO) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        configure_logs(level="debug", form="json", stream=file)
        for secret in SECRETS.values():
            structlog.get_logger("ours").info(secret, **{"a b": secret, secret[:20]: secret})
    never_in((tmp_path / "log").read_text(encoding="utf-8"))
