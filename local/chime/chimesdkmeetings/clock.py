"""A clock that can be moved forward, so that nobody has to wait for the end of a meeting."""

from __future__ import annotations

from datetime import datetime, timedelta

from moto.core.utils import utcnow


class MovableClock:
    """Shows the time (UTC, without a time zone, like moto's times), and how far it was moved."""

    def __init__(self) -> None:
        """Start with the real time."""
        self._moved = timedelta()

    def now(self) -> datetime:
        """Return the time."""
        return utcnow() + self._moved

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._moved += timedelta(seconds=seconds)
