"""Let contenders take turns, so that a busy moment of the machine hits all of them alike."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Contender = Callable[[], float]
    """Does its work once, and returns how long that took, in whatever unit."""


Name = TypeVar("Name")


class CannotMeasureError(Exception):
    """Something that `make bench` makes ready is missing, or a contender failed; the text says which."""


@dataclass(frozen=True)
class Times:
    """The results of one contender, at least two, in the order of the runs."""

    runs: Sequence[float]

    @cached_property
    def median(self) -> float:
        """Return what half of the runs kept within."""
        return statistics.median(self.runs)

    def quantile(self, percent: int) -> float:
        """Return what *percent* (1 to 99) of a hundred runs kept within."""
        return statistics.quantiles(self.runs, n=100, method="inclusive")[percent - 1]

    def cells(self, *, digits: int = 1, last: Sequence[int] = (10, 90)) -> list[str]:
        """Return the median, the quantiles of *last* and the number of runs, as cells of a table."""
        figures = [self.median, *map(self.quantile, last)]
        return [*(f"{figure:,.{digits}f}" for figure in figures), str(len(self.runs))]


COLUMNS = ("median", "p10", "p90", "runs")
"""The heads of what `Times.cells` returns."""


def interleaved(contenders: Mapping[Name, Contender], rounds: int, warm_up: int = 1) -> dict[Name, Times]:
    """Run all *contenders* *rounds* times, another one first each time; *warm_up* rounds before do not count."""
    names = list(contenders)
    taken: dict[Name, list[float]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        if number % max(1, rounds // 5) == 0:
            sys.stderr.write(f"   round {number + 1} of {rounds}, {len(names)} contenders\n")
        first = number % len(names)
        for name in names[first:] + names[:first]:
            time_taken = contenders[name]()
            if number >= 0:
                taken[name].append(time_taken)
    return {name: Times(runs) for name, runs in taken.items()}


def timed(work: Callable[[], object], turns: int = 1, unit: float = 1000) -> Contender:
    """Return a contender that does *work* *turns* times and tells the mean, in 1/*unit* seconds: milliseconds."""

    def measured() -> float:
        start = time.perf_counter()
        for _ in range(turns):
            work()
        return (time.perf_counter() - start) / turns * unit

    return measured


def compared(part: float, whole: float, goal: float, reason: str) -> str:
    """Return *part* as a multiple of *whole*, and the *goal* with the *reason* for missing it, if it is missed."""
    found = part / whole
    if found <= goal:
        return f"{found:.2f} times as long (the goal is {goal:g})"
    return f"{found:.2f} times as long; the goal, {goal:g}, is not reached: {reason}"
