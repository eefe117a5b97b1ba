"""Signed texts: only ours, only for their purpose, only in time, under any key we still hold."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from bot.adapters.signing.jwt_tickets import JwtTickets
from bot.domain.errors import UntrustedInput, UserMistake
from bot.domain.values import Secret
from bot.ports import Audience, Claims

NOW = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
CLAIMS = Claims("request-1", "jti-1", NOW + timedelta(minutes=10))
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def tickets() -> JwtTickets:
    return JwtTickets({"new": NEW, "old": OLD})


def test_what_was_signed_is_what_is_read(tickets: JwtTickets) -> None:
    signed = tickets.sign(Audience.LINK, CLAIMS)
    assert tickets.verify(Audience.LINK, signed.reveal(), NOW) == CLAIMS
    assert signed.reveal() not in repr(signed)


def test_another_purpose_is_refused(tickets: JwtTickets) -> None:
    with pytest.raises(UntrustedInput):
        tickets.verify(Audience.STATE, tickets.sign(Audience.LINK, CLAIMS).reveal(), NOW)


def test_it_ends_in_time_by_our_clock(tickets: JwtTickets) -> None:
    signed = tickets.sign(Audience.LINK, CLAIMS).reveal()
    assert tickets.verify(Audience.LINK, signed, NOW + timedelta(minutes=9, seconds=59)) == CLAIMS
    with pytest.raises(UserMistake, match="ten minutes"):
        tickets.verify(Audience.LINK, signed, NOW + timedelta(minutes=10))


def test_a_changed_key_keeps_what_the_one_before_signed(tickets: JwtTickets) -> None:
    signed = JwtTickets({"old": OLD}).sign(Audience.LINK, CLAIMS).reveal()
    assert tickets.verify(Audience.LINK, signed, NOW) == CLAIMS
    with pytest.raises(UntrustedInput):
        JwtTickets({"new": NEW}).verify(Audience.LINK, signed, NOW)
    digest = JwtTickets({"old": OLD}).digests("code", Secret("ABC234"))[0]
    assert digest in tickets.digests("code", Secret("ABC234"))
    assert digest != tickets.digests("code", Secret("ABC234"))[0]


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


BODY = {"aud": Audience.LINK.value, "exp": int(CLAIMS.expires_at.timestamp()), "jti": "j", "sub": "s"}


@pytest.mark.parametrize(
    "forge",
    [
        lambda: f"{_part({'alg': 'none', 'kid': 'new'})}.{_part(BODY)}.",
        lambda: jwt.encode(BODY, b"x" * 32, headers={"kid": "new"}),
        lambda: jwt.encode(BODY, NEW, headers={"kid": "unknown"}),
        lambda: jwt.encode(BODY, NEW),
        lambda: jwt.encode(BODY, NEW * 2, algorithm="HS512", headers={"kid": "new"}),
        lambda: jwt.encode({k: v for k, v in BODY.items() if k != "exp"}, NEW, headers={"kid": "new"}),
        lambda: jwt.encode({k: v for k, v in BODY.items() if k != "jti"}, NEW, headers={"kid": "new"}),
        lambda: jwt.encode(BODY | {"exp": 10**30}, NEW, headers={"kid": "new"}),
        lambda: "",
        lambda: "a.b.c",
        lambda: "\x00é" * 2000,
    ],
)
def test_forged_text_is_refused(tickets: JwtTickets, forge: Callable[[], str]) -> None:
    with pytest.raises(UntrustedInput) as refused:
        tickets.verify(Audience.LINK, forge(), NOW)
    assert refused.value.code == "ticket_invalid"
    assert refused.value.__cause__ is None
