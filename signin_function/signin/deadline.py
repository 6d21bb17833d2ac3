"""The deadline of a request, and the retries until then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from signin.errors import Throttled, TransientError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS = 8.0
"""A messaging session of the JavaScript SDK gives its reconnect ten seconds in all, and the authorizer needs some."""
MIN_BACKOFF = 0.1
MAX_BACKOFF = 2.0
MIN_ATTEMPT = 0.5
"""Seconds. With less than that left there is no retry: it would be cut short, and look like an outage of AWS."""


class Deadline:
    """
    The moment by which a request must be answered, with retries and measurements until then.

    `counts` has the number of "retries" and "throttles" so far, `milliseconds` how long each step took.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        random: Callable[[], float],
        seconds: float = SECONDS,
    ) -> None:
        """Start now. *clock* returns seconds, *sleep* waits for seconds, *random* returns numbers from 0 to 1."""
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._ends = clock() + seconds
        self.counts: Counter[str] = Counter()
        self.milliseconds: dict[str, float] = {}

    def remaining(self) -> float:
        """Return the seconds that are left, 0.0 after the deadline."""
        return max(0.0, self._ends - self._clock())

    def expire(self) -> None:
        """Let the deadline be now, so that nothing new is begun."""
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
        Return what *attempt* returns, with retries while AWS throttles or fails and time is left.

        The backoff before a retry is random within a range that doubles, so that callers who were throttled together
        do not retry together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

        Raises:
            SigninError: What the last attempt raised, or Unavailable if the deadline was over before the first one.
        """
        longest = MIN_BACKOFF
        while True:
            if not self.remaining():
                raise Unavailable("out_of_time")
            try:
                return attempt()
            except TransientError as error:
                self.counts["throttles"] += isinstance(error, Throttled)
                backoff = max(longest * self._random(), error.retry_after or 0)
                if backoff + MIN_ATTEMPT > self.remaining():
                    raise
            self.counts["retries"] += 1
            self._sleep(backoff)
            longest = min(2 * longest, MAX_BACKOFF)
