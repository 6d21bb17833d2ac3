"""Time, and how much of it has passed, on a machine that may be frozen or set right at any moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, as both clocks told it."""

    wall: float
    steady: float


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that knows the date (`wall`, in seconds since the epoch) and one that never goes back (`steady`)."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic

    def mark(self) -> Mark:
        """Return this moment."""
        return Mark(self.wall(), self.steady())

    def since(self, mark: Mark) -> float:
        """
        Return the seconds since *mark*, by whichever clock counted more.

        The wall clock can be set back, and the steady one stands still while Lambda freezes the machine. Age is
        what ends trust here, so too much of it is the safe mistake.
        """
        return max(self.wall() - mark.wall, self.steady() - mark.steady)

    def deadline(self, seconds: float) -> Deadline:
        """Return what ends in so many *seconds*."""
        return Deadline(self, self.steady() + seconds)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of all waiting for the sake of one token."""

    clock: Clock
    ends: float

    def left(self) -> float:
        """Return the seconds that are left, 0 at least."""
        return max(0.0, self.ends - self.clock.steady())


class CoolDown:
    """Lets one through every so many seconds, however many threads ask."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Let the first one through."""
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._passed: Mark | None = None

    def lets_through(self) -> bool:
        """Say whether whoever asks may go through, and begin to count if so."""
        with self._lock:
            if self._passed is not None and self._clock.since(self._passed) < self._seconds:
                return False
            self._passed = self._clock.mark()
            return True
