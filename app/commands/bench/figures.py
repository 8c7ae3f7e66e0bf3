"""Figures of a benchmark: a line of CSV for each, with its unit and the goal that it is compared with."""

from __future__ import annotations

import csv
import io
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Attributes:
        topic: The benchmark.
        what: What was measured.
        value: The median or percentile, in `unit`.
        unit: "%", "ms", "s", "×" (a ratio within one run), "MB", "1/s".
        goal: The value to reach; None without one.
        at_least: Whether larger is better.
    """

    topic: str
    what: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


HEAD = [field.name for field in fields(Figure)]


def line_of(figure: Figure) -> str:
    """The figure as a line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(
        ["" if value is None else f"{value:.4g}" if isinstance(value, float) else value for value in astuple(figure)]
    )
    return text.getvalue()


def figures_in(lines: Iterable[str]) -> tuple[Figure, ...]:
    """The figures in the output of a benchmark; lines of other kinds are left out."""
    found = []
    for row in csv.reader(lines):
        if len(row) == len(HEAD) and row != HEAD:
            topic, what, value, unit, goal, at_least = row
            found.append(Figure(topic, what, float(value), unit, float(goal) if goal else None, at_least == "True"))
    return tuple(found)


def share(values: Sequence[float], share_below: float) -> float:
    """The value that this share of all values is at most, such as 0.95."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share_below * len(ordered)))]


def seconds_of(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def in_turns(works: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """The median seconds of works that are done in turns, so that another program slows all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, done in zip(works, times, strict=True):
            done.append(seconds_of(work))
    return [statistics.median(done) for done in times]
