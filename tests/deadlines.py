"""Deadlines for tests: one that passes without waiting, and one by the real clock."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from signin.deadline import SECONDS, Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK = 0.05
"""Seconds that pass with each look at the clock, so that what is repeated without a pause ends too."""


class _Passing:
    """Time that passes as it is looked at and slept through, and so is the same on every machine."""

    def __init__(self, slept: Callable[[float], None]) -> None:
        self._now = 0.0
        self._slept = slept

    def clock(self) -> float:
        self._now += LOOK
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        self._slept(seconds)


def hurried(seconds: float = SECONDS, slept: Callable[[float], None] = lambda _: None) -> Deadline:
    """
    Return a deadline until which nothing waits. What takes real time, such as a call, takes none of it.

    *slept* is told of each pause, in seconds.
    """
    time_of_its_own = _Passing(slept)
    return Deadline(time_of_its_own.clock, time_of_its_own.sleep, random.random, seconds)


def real(seconds: float) -> Deadline:
    """Return a deadline by the real clock, for what really waits."""
    return Deadline(time.monotonic, time.sleep, random.random, seconds)
