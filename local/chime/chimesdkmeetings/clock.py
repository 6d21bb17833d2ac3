"""A clock that can be moved forward, so that nobody has to wait for the end of a meeting."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moto.core.utils import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class MovableClock:
    """Shows the time (UTC, without a time zone, like moto's times), and how far it was moved."""

    def __init__(self, clock: Callable[[], datetime] = utcnow) -> None:
        """Take what shows the time before it is moved."""
        self._clock = clock
        self._moved = timedelta()

    def now(self) -> datetime:
        """Return the time."""
        return self._clock() + self._moved

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._moved += timedelta(seconds=seconds)
