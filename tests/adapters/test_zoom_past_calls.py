"""Zoom's lists of a call that is over: what is asked, by the published description, and what is read from the answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.adapters.zoom.past_calls import list_attended, parse_attended
from bot.domain.values import SessionId
from bot.ports import Attended, PastRecord
from tests.shared_files import shared_json

TEMPLATES = {
    PastRecord.REPORT: "/report/meetings/{meetingId}/participants",
    PastRecord.PAST: "/past_meetings/{meetingId}/participants",
}


@pytest.mark.parametrize("record", TEMPLATES)
def test_request_is_as_the_description_has_it(record: PastRecord) -> None:
    operation = shared_json("specs/zoom-meetings-2026-08.openapi.json")["paths"][TEMPLATES[record]]["get"]
    request = list_attended(SessionId("4444AAAiAAAAAiAiAiiAii=="), record)
    known = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    assert set(request.query) <= known.keys()
    assert int(request.query["page_size"]) <= known["page_size"]["maximum"]
    assert request.query.get("include_fields", "registrant_id") in known.get("include_fields", {}).get(
        "enum", ["registrant_id"]
    )
    assert request.path == TEMPLATES[record].replace("{meetingId}", "4444AAAiAAAAAiAiAiiAii%3D%3D")
    assert request.label.value.upper() in operation["description"]


@pytest.mark.parametrize("record", PastRecord)
def test_uuid_that_begins_with_a_slash_is_encoded_twice(record: PastRecord) -> None:
    assert "%252FajXp112Qmu" in list_attended(SessionId("/ajXp112QmuoKj4854875=="), record).path


def test_dashboard_is_asked_about_the_past_only() -> None:
    assert list_attended(SessionId("u"), PastRecord.DASHBOARD).query["type"] == "past"


def sample(template: str) -> dict[str, object]:
    """An answer made of the examples in the description."""
    schema = shared_json("specs/zoom-meetings-2026-08.openapi.json")["paths"][template]["get"]["responses"]["200"]
    parts = schema["content"]["application/json"]["schema"]
    properties = {k: v for part in parts.get("allOf", [parts]) for k, v in part.get("properties", {}).items()}
    row = {name: field.get("example") for name, field in properties["participants"]["items"]["properties"].items()}
    return {"participants": [row], "next_page_token": ""}


@pytest.mark.parametrize("template", TEMPLATES.values())
def test_described_answer_is_read_without_the_address(template: str) -> None:
    body = sample(template)
    (read,) = parse_attended(body)
    assert read.name
    assert read.joined_at == datetime(2022, 3, 23, 6, 58, 9, tzinfo=UTC)
    assert read.left_at == datetime(2022, 3, 23, 7, 2, 28, tzinfo=UTC)
    assert read.user_id == "27423744"
    assert read.registrant_id
    assert "jchill" not in repr(read)


def test_dashboard_answer_is_read_with_what_it_has() -> None:
    row = {
        "user_name": "Zorro",
        "ip_address": "192.0.2.7",
        "participant_uuid": "P",
        "join_time": "",
        "email": "x@y.example",
    }
    assert parse_attended({"participants": [row, "not a row"]}) == [
        Attended("Zorro", None, None, participant_uuid="P", ip_address="192.0.2.7")
    ]
    assert parse_attended({}) == []
