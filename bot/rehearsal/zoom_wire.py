"""What goes over the wire between Zoom's REST API and its callers: JSON, the error shape, and field checks.

Error shape: https://developers.zoom.us/docs/api/errors/ . The codes and texts used here are those of Zoom's published API description.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

if TYPE_CHECKING:
    from bot.rehearsal.zoom_oauth import Grant

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, JsonValue]


class ZoomError(Exception):
    """An answer in Zoom's error shape: HTTP `status`, and `code`, which is Zoom's own number and seldom the status."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self) -> JsonObject:
        """The answer's JSON object."""
        body: JsonObject = {"code": self.code, "message": self.message}
        if self.errors:
            body["errors"] = [{"field": name, "message": text} for name, text in self.errors]
        return body


@dataclass(slots=True)
class Call:
    """One authorised request. A handler notes the host it concerned in `host`, for the request log."""

    grant: Grant
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: JsonObject
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; `body` is `None` where Zoom sends none."""

    status: int
    body: JsonObject | None = None


CallHandler: TypeAlias = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Field:
    """What a body field must look like. Limits are inclusive; `choices` empty means any value of the kind."""

    kind: Literal["text", "integer", "flag", "object", "list"]
    maximum: int | None = None
    minimum: int | None = None
    choices: tuple[str | int, ...] = ()
    required: bool = False
    inner: Mapping[str, Field] = field(default_factory=dict)

    def problem(self, value: JsonValue) -> str | None:
        """Why `value` is refused, or `None`."""
        if not self._right_kind(value):
            return "Invalid field."
        if self.choices and value not in self.choices:
            return "Invalid field. Allowed: " + ", ".join(str(choice) for choice in self.choices) + "."
        size = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else None
        if size is None:
            return None
        if self.maximum is not None and size > self.maximum:
            return f"Must not be more than {self.maximum}."
        if self.minimum is not None and size < self.minimum:
            return f"Must not be less than {self.minimum}."
        return None

    def _right_kind(self, value: JsonValue) -> bool:
        match self.kind:
            case "text":
                return isinstance(value, str)
            case "integer":
                return isinstance(value, int) and not isinstance(value, bool)
            case "flag":
                return isinstance(value, bool)
            case "object":
                return isinstance(value, dict)
            case "list":
                return isinstance(value, list)


TEXT, FLAG, INTEGER, OBJECT, LIST = (Field("text"), Field("flag"), Field("integer"), Field("object"), Field("list"))

EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def check(body: Mapping[str, JsonValue], fields: Mapping[str, Field], prefix: str = "") -> None:
    """Refuse wrong kinds, lengths and values, as Zoom does: HTTP 400, code 300, one entry per field.

    Unknown fields pass, and are ignored: so does Zoom treat them.

    Raises:
        ZoomError: 400/300.
    """
    problems: list[tuple[str, str]] = list(_problems(body, fields, prefix))
    if problems:
        raise ZoomError(400, 300, "Validation Failed.", errors=tuple(problems))


def _problems(body: Mapping[str, JsonValue], fields: Mapping[str, Field], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, rule in fields.items():
        if name not in body:
            if rule.required:
                found.append((prefix + name, "Required."))
            continue
        value = body[name]
        problem = rule.problem(value)
        if problem is not None:
            found.append((prefix + name, problem))
        elif isinstance(value, dict):
            found += _problems(value, rule.inner, f"{prefix}{name}.")
    return found


def invalid(name: str, message: str) -> NoReturn:
    """Refuse one field.

    Raises:
        ZoomError: 400/300.
    """
    raise ZoomError(400, 300, "Validation Failed.", errors=((name, message),))


def text(body: Mapping[str, JsonValue], name: str, default: str = "") -> str:
    """The text field `name`, or `default` where it is absent or of another kind."""
    value = body.get(name)
    return value if isinstance(value, str) else default


def integer(body: Mapping[str, JsonValue], name: str, default: int) -> int:
    """The integer field `name`, or `default`."""
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def flag(body: Mapping[str, JsonValue], name: str, default: bool = False) -> bool:
    """The yes/no field `name`, or `default`."""
    value = body.get(name)
    return value if isinstance(value, bool) else default


def section(body: Mapping[str, JsonValue], name: str) -> JsonObject:
    """The object field `name`, or an empty one."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def objects(body: Mapping[str, JsonValue], name: str) -> list[JsonObject]:
    """The objects in the list field `name`.

    Raises:
        ZoomError: 400/300 if an entry is no object.
    """
    value = body.get(name)
    found: list[JsonObject] = []
    for entry in value if isinstance(value, list) else []:
        if not isinstance(entry, dict):
            invalid(name, "Invalid field.")
        found.append(entry)
    return found


def merge(base: JsonObject, change: Mapping[str, JsonValue]) -> JsonObject:
    """`base` with `change` laid over it, object by object."""
    merged = dict(base)
    for name, value in change.items():
        below = merged.get(name)
        merged[name] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
