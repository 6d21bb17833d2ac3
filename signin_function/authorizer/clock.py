"""Time, and how much of it has passed, on a machine that Lambda may freeze and whose clock may be set."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Instant(NamedTuple):
    """One moment, as both clocks told it, in seconds."""

    wall_clock: float
    monotonic: float


class Clock(NamedTuple):
    """The wall clock, in seconds since the epoch, and the monotonic clock, in seconds since some moment."""

    wall_clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> Instant:
        """Return this moment."""
        return Instant(self.wall_clock(), self.monotonic())

    def elapsed_since(self, instant: Instant) -> float:
        """
        Return the seconds since *instant*, by whichever clock counted more.

        One clock alone may count too few: the wall clock can be set back, and the monotonic clock stops while Lambda
        freezes the machine. Keys are trusted until a certain age, so counting too much is the safe mistake.
        """
        return max(self.wall_clock() - instant.wall_clock, self.monotonic() - instant.monotonic)

    def deadline(self, seconds: float) -> TokenDeadline:
        """Return the deadline that is so many *seconds* from now."""
        return TokenDeadline(self, self.monotonic() + seconds)


class TokenDeadline(NamedTuple):
    """Until when an answer about one token may wait for keys. `ends` is in seconds of the monotonic clock."""

    clock: Clock
    ends: float

    def remaining(self) -> float:
        """Return the seconds that are left, 0 at least."""
        return max(0.0, self.ends - self.clock.monotonic())


class CoolDown:
    """Allows something once in so many seconds, however many threads ask."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Allow it from now on."""
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._started: Instant | None = None

    def try_start(self) -> bool:
        """Start a new cool-down and return True, unless one is running."""
        with self._lock:
            if self._started is not None and self._clock.elapsed_since(self._started) < self._seconds:
                return False
            self._started = self._clock.now()
            return True
