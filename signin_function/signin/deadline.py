"""The time that one sign-in may take, and what is tried again within it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from signin.errors import Throttled, TransientError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS = 8.0
"""A messaging session of the JavaScript SDK gives its reconnect ten seconds in all."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
SHORTEST_ATTEMPT = 0.5
"""Seconds. With less than that left, what AWS said last is told; an attempt cut short would look like an outage."""


class Deadline:
    """
    A deadline, with what is needed to wait and to be told the time.

    `counts` counts the "retries" and "throttles" on the way, `milliseconds` tells how long each step took.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        random: Callable[[], float],
        seconds: float = SECONDS,
    ) -> None:
        """Start now, by *clock* in seconds; *random* gives numbers from 0 to 1."""
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._started = clock()
        self._ends = self._started + seconds
        self.counts: Counter[str] = Counter()
        self.milliseconds: dict[str, float] = {}

    def remaining(self) -> float:
        """Return the seconds that are left; none once the time is over."""
        return max(0.0, self._ends - self._clock())

    def expire(self) -> None:
        """Leave no time for anything that has not begun."""
        self._ends = self._clock()

    def timed(self, step: str, work: Callable[[], T]) -> T:
        """Return what *work* returns, and note how long it took as *step*."""
        began = self._clock()
        try:
            return work()
        finally:
            self.milliseconds[step] = 1000 * (self._clock() - began)

    def retry(self, attempt: Callable[[], T]) -> T:
        """
        Return what *attempt* returns, trying again after a pause while AWS throttles or fails and time is left.

        Each pause is drawn at random from a range that doubles, so that callers who were refused together
        do not come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

        Raises:
            SigninError: What the last attempt raised, or Unavailable if the time was over before the first.
        """
        longest = FIRST_PAUSE
        while True:
            if not self.remaining():
                raise Unavailable("out_of_time")
            try:
                return attempt()
            except TransientError as error:
                self.counts["throttles"] += isinstance(error, Throttled)
                pause = max(longest * self._random(), error.retry_after or 0)
                if pause + SHORTEST_ATTEMPT > self.remaining():
                    raise
            self.counts["retries"] += 1
            self._sleep(pause)
            longest = min(2 * longest, LONGEST_PAUSE)
