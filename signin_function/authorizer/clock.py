"""Time, and how much of it has passed, on a machine that may be frozen or set right at any moment."""

from __future__ import annotations

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
