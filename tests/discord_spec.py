"""Checks a request body against Discord's published API description: an opinion on what we send that is not ours.

What it misses is listed in the description's README; the stand-in asserts those by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from bot.rehearsal.discord_rest import RecordedRequest
from tests.shared_files import shared_json

DESCRIPTION = "specs/discord-v10.openapi.json"
KNOWN_QUIRK = ("POST", "/users/@me/channels")
"""discord.py sends `recipient_id` as a JSON integer where the description wants text; the real service takes both."""


@cache
def _validator(method: str, template: str) -> Draft202012Validator | None:
    """The validator of an operation's JSON body, None when it takes none; compiled at first use, as the description is large."""
    description = shared_json(DESCRIPTION)
    operation = description["paths"][template][method.lower()]
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({"$ref": "#/_body", "_body": schema, "components": description["components"]})


def body_errors(method: str, template: str, body: Any) -> list[str]:
    """What is wrong with `body` for the operation; KeyError if the description has no such operation."""
    validator = _validator(method, template)
    if validator is None or body is None:
        return (
            []
            if (validator is None) == (body is None)
            else ["a body where there should be none, or none where one is needed"]
        )
    if (method, template) == KNOWN_QUIRK and isinstance(body, dict) and isinstance(body.get("recipient_id"), int):
        body = {**body, "recipient_id": str(body["recipient_id"])}
    body = _with_text_ids(body)
    return [line for error in validator.iter_errors(body) for line in _leaves(error)]


def _with_text_ids(body: Any) -> Any:
    """With the ids of selects' `default_values`, files and allowed mentions as text: discord.py sends numbers, and the real service takes them."""
    if isinstance(body, list):
        return [_with_text_ids(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {
        name: [{**chosen, "id": str(chosen["id"])} for chosen in value]
        if name in ("default_values", "attachments")
        else {**value, "roles": [str(role) for role in value["roles"]]}
        if name == "allowed_mentions" and isinstance(value, dict) and value.get("roles")
        else _with_text_ids(value)
        for name, value in body.items()
    }


def request_errors(requests: Iterable[RecordedRequest]) -> list[str]:
    """The errors of all recorded requests, each with its operation; accepted ones only."""
    return [
        f"{r.method} {r.template}: {error}"
        for r in requests
        if r.template is not None and r.status is not None and r.status < 400
        for error in body_errors(r.method, r.template, r.body)
    ]


def _leaves(error: ValidationError) -> Iterator[str]:
    """For a union, the complaints of the branch that fits best (its `type` matched, fewest complaints)."""
    if not error.context:
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        return
    branches: defaultdict[Any, list[ValidationError]] = defaultdict(list)
    for inner in error.context:
        branches[inner.schema_path[0]].append(inner)

    def misfit(errors: list[ValidationError]) -> tuple[int, int]:
        wrong_kind = sum(e.validator in ("enum", "const") or list(e.absolute_path)[-1:] == ["type"] for e in errors)
        return wrong_kind, len(errors)

    for inner in min(branches.values(), key=misfit):
        yield from _leaves(inner)
