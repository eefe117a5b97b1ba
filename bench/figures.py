"""Percentiles, medians over rounds, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from statistics import median


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest sample that at least `percent` of 100 samples do not exceed.

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        raise ValueError("no samples")
    return sorted(samples)[max(0, ceil(len(samples) * percent / 100) - 1)]


def over_rounds(rounds: Sequence[Sequence[float]], percent: float) -> float:
    """The median over rounds of each round's percentile, so that one disturbed round does not decide."""
    return median(percentile(samples, percent) for samples in rounds)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, also readable on a terminal."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
