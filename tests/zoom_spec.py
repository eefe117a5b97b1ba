"""Checks what we sent to Zoom against Zoom's published API description."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from openapi_schema_validator import OAS30Validator

from bot.rehearsal.zoom_http import RequestRecord
from tests.shared_files import shared_json

OAUTH = "/oauth/"
"""The token service is not part of the published description."""
DASHBOARD = re.compile(r"/v2/metrics/meetings/.+/participants")
"""Nor is the dashboard: it is in the description of another API than the two at hand, and the stand-in does not have it either."""


@cache
def _operation(method: str, template: str) -> Any:
    file = "users" if template in ("/users", "/users/{userId}", "/users/{userId}/settings") else "meetings"
    return shared_json(f"specs/zoom-{file}-2026-08.openapi.json")["paths"][template][method.lower()]


def zoom_request_errors(requests: Iterable[RequestRecord]) -> list[str]:
    """What is wrong with the bodies of these requests; KeyError if the description has no such operation."""
    found: list[str] = []
    for request in requests:
        if request.path.startswith(OAUTH) or (request.method == "GET" and DASHBOARD.fullmatch(request.path)):
            continue
        operation = _operation(request.method, request.template)
        if request.body is None:
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        name = f"{request.method} {request.template}"
        found += [
            f"{name}: {error.json_path}: {error.message[:200]}"
            for error in OAS30Validator(schema).iter_errors(request.body)
        ]
        found += [f"{name}: unknown {path}" for path in _unknown(request.body, schema)]
    return found


def _unknown(body: Any, schema: Any, path: str = "$") -> list[str]:
    """Properties that are sent and that the description does not have."""
    if isinstance(body, list):
        return [line for item in body for line in _unknown(item, schema.get("items", {}), f"{path}[]")]
    known = schema.get("properties")
    if not isinstance(body, dict) or known is None:
        return []
    return [
        line
        for name, value in body.items()
        for line in ([f"{path}.{name}"] if name not in known else _unknown(value, known[name], f"{path}.{name}"))
    ]
