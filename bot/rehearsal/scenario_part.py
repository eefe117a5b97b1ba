"""What every table of a scenario is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.rehearsal.scenario_words import moment, span


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _is_span(value: str) -> str:
    span(value)
    return value


def _is_moment(value: str) -> str:
    moment(value)
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One text, or a list of them."""
Span = Annotated[str, BeforeValidator(_is_span)]
Point = Annotated[str, BeforeValidator(_is_moment)]
Plain = str | int | bool


class Part(BaseModel):
    """Any table of a scenario; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def exactly_one(part: Part, *names: str) -> None:
    """Raises ValueError unless one of these keys was written."""
    if sum(name in part.model_fields_set for name in names) != 1:
        raise ValueError(f"needs exactly one of {', '.join(names)}")
