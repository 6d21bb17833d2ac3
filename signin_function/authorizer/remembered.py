"""Remember what a source gave last, so that the network is asked seldom and an outage hurts late."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from authorizer.errors import KeysUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.clock import Clock, Deadline, Mark

T = TypeVar("T")

SHORTEST_LIFETIME, LONGEST_LIFETIME = 60, 24 * 3600
DEFAULT_LIFETIME = 600
"""Of a key set whose issuer does not say. All times are in seconds."""
REFRESH_AHEAD = 0.8
"""The part of its lifetime after which a value is fetched anew, while the old one still serves."""
GRACE = 3600
"""How old the last good value may be while its source is out of reach."""
COOL_DOWN = 10
"""How long to leave a source alone that has failed, or that was asked again for the sake of one token."""
FIRST_PAUSE = 1
"""How long to leave a source alone that has failed when there is no value that serves; doubled up to COOL_DOWN."""
LONGEST_FETCH = 3.0
"""What a fetch allows itself. One that takes longer (a resolver that hangs, a frozen machine) counts as failed."""
LONGEST_WAIT = LONGEST_FETCH + 0.5
"""How long a token waits in all: a little more, so that a fetch can say itself what it failed of."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """
    A value, and for how long its source says it is good; None if it does not say.

    `outcome` is for operators: it says what was left out, if anything was.
    """

    value: T
    lifetime: float | None = None
    outcome: str = "fetched"


@dataclass(frozen=True, slots=True)
class Fetch:
    """What became of one fetch, for whoever watches. `age` is that of the value remembered until then, if any."""

    succeeded: bool
    outcome: str
    age: float | None
    milliseconds: float


@dataclass(eq=False, slots=True)
class _Flight:
    """A fetch under way, in a thread of its own. Its end is `ended`; `failure` says what went wrong."""

    number: int
    began: Mark
    ended: threading.Event = field(default_factory=threading.Event)
    failure: str | None = None


class Remembered(Generic[T]):
    """
    What `fetch` gave last, fetched by one thread at a time however many ask.

    Nobody waits beyond a deadline of their own, and nobody waits for a fetch that has counted as failed: another one
    takes its place, and what the old one brings is kept only if nothing newer is there.
    """

    def __init__(
        self,
        fetch: Callable[[], Fetched[T]],
        clock: Clock,
        watch: Callable[[Fetch], None] = lambda _: None,
        default_lifetime: float = DEFAULT_LIFETIME,
    ) -> None:
        """Fetch nothing yet. *watch* is told of every fetch."""
        self._fetch = fetch
        self._clock = clock
        self._watch = watch
        self._default_lifetime = default_lifetime
        self._lock = threading.Lock()
        self._value: T | None = None
        self._lifetime = 0.0
        self._fetched: Mark | None = None
        self._failed: Mark | None = None
        self._failures = 0
        self._flight: _Flight | None = None
        self._ended = 0
        self.begun = 0
        """How many fetches have begun."""
        self.newest = 0
        """Which of them the value is of; 0 if there is none."""

    def get(self, deadline: Deadline) -> T:
        """
        Return the value: at once if it is young, fetched first if it has aged, the old one if that fails.

        Raises:
            KeysUnavailable: It cannot be fetched, and the last one is older than an hour.
        """
        ended, age = self._ended, self._age()
        if age > REFRESH_AHEAD * self._lifetime and not self.failed_lately():
            flight = self._take_off(ended)
            if age > self._lifetime:
                try:
                    return self._landed(flight, deadline)
                except KeysUnavailable:
                    if self._value is None:
                        raise
        return self._usable()

    def renew(self, deadline: Deadline) -> T:
        """
        Fetch the value now, or wait for the fetch that is under way. A failure replaces nothing.

        Raises:
            KeysUnavailable: It cannot be fetched.
        """
        return self._landed(self._take_off(self._ended), deadline)

    def settled(self, deadline: Deadline) -> T:
        """
        Return the value when the fetch that is under way, if any, has ended.

        Raises:
            KeysUnavailable: It failed.
        """
        flight = self._flight
        return self._usable() if flight is None else self._landed(flight, deadline)

    def failed_lately(self) -> bool:
        """Say whether the last fetch failed, and its source is still to be left alone."""
        return self._failed is not None and self._clock.since(self._failed) < self._pause()

    def _pause(self) -> float:
        if self._is_usable():
            return COOL_DOWN
        return min(COOL_DOWN, FIRST_PAUSE * float(2 ** min(self._failures - 1, COOL_DOWN)))

    def _age(self) -> float:
        return math.inf if self._fetched is None else self._clock.since(self._fetched)

    def _is_usable(self) -> bool:
        return self._value is not None and self._age() <= max(GRACE, self._lifetime)

    def _usable(self) -> T:
        if self._value is None:
            raise KeysUnavailable(self._flight.failure if self._flight and self._flight.failure else "no keys yet")
        if not self._is_usable():
            raise KeysUnavailable("the last good keys are too old")
        return self._value

    def _take_off(self, ended: int) -> _Flight:
        """Return the fetch under way, or the last one if it has ended since *ended* were counted, or begin one."""
        with self._lock:
            last = self._flight
            if last is not None and not (ended == self._ended and self._is_over(last)):
                return last
            self.begun += 1
            flight = self._flight = _Flight(self.begun, self._clock.mark())
        try:
            threading.Thread(target=self._fetch_now, args=(flight,), name="fetch-keys", daemon=True).start()
        except RuntimeError:
            # A machine without a thread left has a failed fetch, and keys that still serve.
            self._fail(flight, "no thread to fetch with")
            self._end(flight)
        return flight

    def _is_over(self, flight: _Flight) -> bool:
        return flight.ended.is_set() or self._clock.since(flight.began) > LONGEST_WAIT

    def _landed(self, flight: _Flight, deadline: Deadline) -> T:
        if not flight.ended.wait(deadline.left()):
            if self._clock.since(flight.began) >= LONGEST_FETCH:
                self._fail(flight, "no answer in time")
            raise KeysUnavailable("no answer in time")
        if flight.failure is not None and flight.number > self.newest:
            raise KeysUnavailable(flight.failure)
        return self._usable()

    def _fetch_now(self, flight: _Flight) -> None:
        age = None if self._fetched is None else self._age()
        outcome, succeeded = "", False
        try:
            fetched = self._fetch()
            self._keep(flight, fetched)
            outcome, succeeded = fetched.outcome, True
        except Exception as error:  # noqa: BLE001 - what nobody foresaw is an outage, too, and no end of what we have
            outcome = str(error) if isinstance(error, KeysUnavailable) else type(error).__name__
            self._fail(flight, outcome)
        try:
            milliseconds = 1000 * (self._clock.steady() - flight.began.steady)
            self._watch(Fetch(succeeded, outcome, age, milliseconds))
        finally:
            self._end(flight)

    def _end(self, flight: _Flight) -> None:
        with self._lock:
            self._ended += 1
        flight.ended.set()

    def _keep(self, flight: _Flight, fetched: Fetched[T]) -> None:
        lifetime = self._default_lifetime if fetched.lifetime is None else fetched.lifetime
        with self._lock:
            if flight.number < self.newest:
                return
            self._lifetime = min(max(lifetime, SHORTEST_LIFETIME), LONGEST_LIFETIME)
            # As old as the beginning of its fetch: the machine may have been frozen before the end.
            self._value, self._fetched, self.newest = fetched.value, flight.began, flight.number
            self._failed, self._failures, flight.failure = None, 0, None

    def _fail(self, flight: _Flight, cause: str) -> None:
        with self._lock:
            if flight.number > self.newest and flight.failure is None:
                self._failed, self._failures = self._clock.mark(), self._failures + 1
            flight.failure = cause
