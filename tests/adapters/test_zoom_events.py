"""What gets past the door: genuine deliveries only, and of them only what the allow-list names. Fed from Zoom's published samples."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.zoom.event_fields import FIELDS
from bot.adapters.zoom.events import ZoomEventReader, address_hash, signature_of
from bot.domain.errors import UntrustedInput
from bot.domain.values import Secret
from bot.ports import Delivery, EventKind, IncomingEvent, NotKept, UrlChallenge
from tests.services.fakes import FixedClock
from tests.shared_files import shared

SECRET = Secret("the secret token of the app")
NOW = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def hashed(address: str) -> str:
    return address_hash(b"key", address)


def reader(now: datetime = NOW) -> ZoomEventReader:
    return ZoomEventReader(SECRET, FixedClock(now), hashed)


def delivered(body: bytes, *, at: datetime = NOW, now: datetime = NOW) -> Delivery:
    timestamp = str(int(at.timestamp()))
    return reader(now).read(timestamp=timestamp, signature=signature_of(SECRET, timestamp, body), body=body)


def event_of(body: object) -> IncomingEvent:
    event = delivered(json.dumps(body).encode())
    assert isinstance(event, IncomingEvent), event
    return event


def samples() -> dict[str, Any]:
    folder = shared("specs/zoom-webhook-samples")
    return {
        path.name.removesuffix(".json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
        if not path.name.endswith(".response.json")
    }


STARTED = {
    "event": "meeting.started",
    "event_ts": 1_796_058_000_123,
    "payload": {
        "account_id": "account",
        "object": {
            "id": "86000000001",
            "uuid": "4444AAAiAAAAAiAiAiiAii==",
            "host_id": "host",
            "host_email": "host@example.org",
            "topic": "My meeting",
            "start_time": "2026-12-01T16:59:59Z",
        },
    },
}


def test_every_published_sample_is_read_or_counted() -> None:
    kinds = {kind.value for kind in EventKind}
    read: set[str] = set()
    for name, body in samples().items():
        found = delivered(json.dumps(body).encode())
        if name == "endpoint.url_validation":
            assert isinstance(found, UrlChallenge)
        elif name in kinds:
            assert isinstance(found, IncomingEvent), name
            assert found.kind.value == name
            assert found.account_id
            read.add(name)
        else:
            assert found == NotKept(name)
    assert read == kinds, "an event that is kept has no published sample, or the samples were not found"


def test_only_named_fields_of_the_samples_are_kept() -> None:
    for name, body in samples().items():
        found = delivered(json.dumps(body).encode())
        if isinstance(found, IncomingEvent):
            assert set(found.facts) <= {kept.name for kept in FIELDS[found.kind]}, name
            place = str(found.facts.get("social_link", "://"))  # the one address there is: where a link was posted
            text = repr(found).replace(place, "")
            for forbidden in ("@", "://", "XYz@BC!D1087", "380303", "My Meeting", "8615250064084", "Chef"):
                assert forbidden not in text, (name, forbidden)


def test_what_the_samples_tell_of_people_is_kept_for_the_roster() -> None:
    body = samples()["meeting.participant_joined"]
    event = event_of(body)
    assert event.facts["registrant_id"] == "abcdefghij0-klmnopq23456"
    assert event.facts["participant_uuid"] == "55555AAAiAAAAAiAiAiiAii"
    assert event.facts["by_phone"] is True
    assert event.facts["email_hash"] == hashed("JChill@example.com")
    assert event.facts["date_time"] == "2021-07-13T21:44:51+00:00"
    left = event_of(samples()["meeting.participant_left"])
    assert left.facts["leave_reason"] == "host_ended"
    assert "Jill" not in str(left.facts["leave_reason"])


def test_deauthorisation_has_its_own_envelope() -> None:
    event = event_of(samples()["app_deauthorized"])
    assert (event.kind, event.account_id, event.host_id) == (EventKind.DEAUTHORIZED, "AAAAAABBBB", "abcD3ojfdbjfg")
    assert event.at == datetime(2024, 9, 8, 15, 58, 40, tzinfo=UTC)
    assert event.facts == {}


@pytest.mark.parametrize("number", ["86000000001", 86_000_000_001])
def test_ids_come_as_text_or_number(number: object) -> None:
    body = {**STARTED, "payload": {"account_id": "account", "object": {"id": number, "uuid": "u=="}}}
    assert event_of(body).zoom_id == "86000000001"


@pytest.mark.parametrize("nothing", [None, "", "absent"])
def test_missing_null_and_empty_mean_the_same(nothing: str | None) -> None:
    participant: dict[str, object] = {"user_id": "1", "registrant_id": nothing, "phone_number": nothing}
    if nothing == "absent":
        participant = {"user_id": "1"}
    about = {"id": "1", "uuid": "u", "participant": participant}
    event = event_of({"event": "meeting.participant_joined", "payload": {"account_id": "a", "object": about}})
    assert event.facts == {"user_id": "1"}


def test_the_same_body_has_the_same_key_and_another_body_another() -> None:
    assert event_of(STARTED).key == event_of(STARTED).key
    assert event_of(STARTED).key != event_of({**STARTED, "event_ts": 1}).key


def test_an_event_about_nothing_is_only_counted() -> None:
    for body in ({"event": "meeting.started"}, {"event": "meeting.started", "payload": {"object": {"id": 1}}}):
        assert delivered(json.dumps(body).encode()) == NotKept("meeting.started")


def test_address_is_validated_as_zoom_asks() -> None:
    body = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8"}}).encode()
    found = delivered(body)
    assert isinstance(found, UrlChallenge)
    assert found.plain_token == "qgg8"
    assert len(found.encrypted_token) == 64
    assert "secret" not in repr(found)


def refusal(body: bytes, timestamp: str, signature: str) -> str:
    with pytest.raises(UntrustedInput) as caught:
        reader().read(timestamp=timestamp, signature=signature, body=body)
    return caught.value.code


def test_forged_signatures_are_refused() -> None:
    body = json.dumps(STARTED).encode()
    timestamp = str(int(NOW.timestamp()))
    good = signature_of(SECRET, timestamp, body)
    other = signature_of(Secret("another secret"), timestamp, body)
    attacks = [
        "",
        "v0=",
        good.upper(),
        good[:-1],
        good + "0",
        good.removeprefix("v0="),
        f"v1={good[3:]}",
        other,
        "v0=é",
    ]
    assert {refusal(body, timestamp, attack) for attack in attacks} == {"unsigned"}
    assert refusal(body + b" ", timestamp, good) == "unsigned"
    assert refusal(body.replace(b"86000000001", b"86000000002"), timestamp, good) == "unsigned"
    assert refusal(body, str(int(timestamp) + 1), good) == "unsigned"
    assert refusal(body, "", signature_of(SECRET, "", body)) == "stale"


@pytest.mark.parametrize(
    ("age", "taken"),
    [(-6 * MINUTE, False), (-4 * MINUTE, True), (0 * MINUTE, True), (119 * MINUTE, True), (121 * MINUTE, False)],
)
def test_window_reaches_two_hours_back_and_five_minutes_ahead(age: timedelta, taken: bool) -> None:
    body = json.dumps(STARTED).encode()
    if taken:
        assert isinstance(delivered(body, at=NOW - age), IncomingEvent)
    else:
        with pytest.raises(UntrustedInput, match="too old"):
            delivered(body, at=NOW - age)


@pytest.mark.parametrize("timestamp", ["1e9", "-5", "１７９６０５８０００", "9" * 40, " 1796058000"])
def test_odd_timestamps_are_refused(timestamp: str) -> None:
    body = json.dumps(STARTED).encode()
    signature = signature_of(SECRET, timestamp, body) if timestamp.isascii() else "v0=00"
    assert refusal(body, timestamp, signature) in ("stale", "unsigned")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"event": 5.5}', b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(UntrustedInput) as caught:
        delivered(body)
    assert caught.value.code == "malformed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "uuid", "host_id", "start_time", "participant", "registrant"), JSON)
)


@given(
    name=st.sampled_from([kind.value for kind in EventKind]),
    about=OBJECTS,
    person=st.fixed_dictionaries({}, optional=dict.fromkeys(("email", "user_name", "join_time", "leave_reason"), JSON)),
    when=JSON,
)
def test_whatever_zoom_signs_is_read_or_counted_and_fits_the_store(
    name: str, about: dict[str, Any], person: dict[str, Any], when: object
) -> None:
    holder = {**about, "participant": person, "registrant": person}
    body = json.dumps({"event": name, "event_ts": when, "payload": {"account_id": "a", "object": holder}}).encode()
    found = delivered(body)
    assert isinstance(found, IncomingEvent | NotKept)
    if isinstance(found, IncomingEvent):
        texts = [found.zoom_id or "", found.session_id or "", found.host_id or "", *map(str, found.facts.values())]
        assert all(text.isprintable() and len(text) <= 128 for text in texts)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://social.example/someone/status/137?s=20", True),
        ("http://forum.example/t/1#4", True),
        ("https://social.example/?u=https%3A%2F%2Fus02web.zoom.us%2Fj%2F86000000001%3Fpwd%3Dsecret", False),
        ("https://us02web.zoom.us/j/86000000001?pwd=secret", False),
        ("https://user:password@social.example/1", False),
        ("javascript:alert(1)", False),
        ("https://social.example/<b>", False),
        ("https://social.example/" + "a" * 300, False),
        ("https://[bad/", False),
    ],
)
def test_place_of_a_posted_link_is_kept_unless_it_holds_a_link_itself(address: str, kept: bool) -> None:
    body = samples()["meeting.risk_alert"]
    body["payload"]["object"]["armn_details"]["social_link"] = address
    facts = event_of(body).facts
    assert facts.get("social_link") == (address if kept else None)
    assert "post_user" not in facts
    assert "meeting_url" not in facts
