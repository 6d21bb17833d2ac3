"""Cache what a source of keys gave last, so that it is asked seldom, and an outage does not matter for a while."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from authorizer.errors import KeysUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.clock import Clock, Instant, TokenDeadline

T = TypeVar("T")

MIN_LIFETIME, MAX_LIFETIME = 60, 24 * 3600
DEFAULT_LIFETIME = 600
"""Of a key set whose issuer does not say. All times are in seconds."""
REFRESH_AHEAD = 0.8
"""The part of its lifetime after which a value is refreshed in the background, while callers still get the old one."""
MAX_AGE_IN_OUTAGE = 3600
"""How old the last value may be while its source cannot be reached, unless its lifetime is longer."""
COOL_DOWN = 10
"""How long a source is not asked again after it failed, or was asked again for the sake of one token."""
FIRST_COOL_DOWN = 1
"""The same after a first failure without a usable value; doubled with each further failure, up to COOL_DOWN."""
MAX_FETCH_SECONDS = 3.0
"""How long a fetch may take. One that takes longer (a resolver that hangs, a frozen machine) counts as failed."""
MAX_WAIT_SECONDS = MAX_FETCH_SECONDS + 0.5
"""How long a token waits in all: a little longer than a fetch may take, so that the fetch can say why it failed."""


class Fetched(NamedTuple, Generic[T]):
    """
    A value, and its lifetime in seconds as its source gives it; None if it gives none.

    `outcome` is for operators: it says what was left out, if anything was.
    """

    value: T
    lifetime: float | None = None
    outcome: str = "fetched"


class Fetch(NamedTuple):
    """How one fetch ended, for telemetry. `age` is that of the cached value before it, in seconds; None if none was."""

    succeeded: bool
    outcome: str
    age: float | None
    milliseconds: float


class _RunningFetch:
    """A fetch in a thread of its own. `ended` is set at its end; `failure` says why it failed, if it did."""

    def __init__(self, number: int, began: Instant) -> None:
        self.number = number
        self.began = began
        self.ended = threading.Event()
        self.failure: str | None = None


class RefreshingCache(Generic[T]):
    """
    The value that `fetch` gave last. One thread fetches at a time, however many ask.

    A caller waits until its own deadline at most, and never for a fetch that already counts as failed: a new fetch
    takes its place, and the value that the old one may still bring is kept only if there is no newer one.
    """

    def __init__(
        self,
        fetch: Callable[[], Fetched[T]],
        clock: Clock,
        on_fetch: Callable[[Fetch], None] = lambda _: None,
        default_lifetime: float = DEFAULT_LIFETIME,
    ) -> None:
        """Fetch nothing yet. *on_fetch* is called after every fetch, in the thread that fetched."""
        self._fetch = fetch
        self._clock = clock
        self._on_fetch = on_fetch
        self._default_lifetime = default_lifetime
        self._lock = threading.Lock()
        self._value: T | None = None
        self._lifetime = 0.0
        self._fetched: Instant | None = None
        self._failed: Instant | None = None
        self._failures = 0
        self._latest: _RunningFetch | None = None
        self._ended = 0
        self.begun = 0
        """How many fetches have begun."""
        self.newest = 0
        """The number of the fetch that gave the cached value, counted from 1; 0 if there is no value."""

    def get(self, deadline: TokenDeadline) -> T:
        """
        Return the cached value, refreshed first if its lifetime is over; the old one if the refresh fails.

        Raises:
            KeysUnavailable: It cannot be fetched, and the last value is older than MAX_AGE_IN_OUTAGE and its lifetime.
        """
        ended, age = self._ended, self._age()
        if age > REFRESH_AHEAD * self._lifetime and not self.failed_recently():
            fetch = self._refresh_in_background(ended)
            if age > self._lifetime:
                try:
                    return self._result_of(fetch, deadline)
                except KeysUnavailable:
                    if self._value is None:
                        raise
        return self._usable_value()

    def refresh(self, deadline: TokenDeadline) -> T:
        """
        Fetch the value now, or wait for the fetch that is running. A failure replaces nothing.

        Raises:
            KeysUnavailable: It cannot be fetched.
        """
        return self._result_of(self._refresh_in_background(self._ended), deadline)

    def wait(self, deadline: TokenDeadline) -> T:
        """
        Wait for the latest fetch, if there was one, and return the value.

        Raises:
            KeysUnavailable: The fetch failed.
        """
        fetch = self._latest
        return self._usable_value() if fetch is None else self._result_of(fetch, deadline)

    def failed_recently(self) -> bool:
        """Say whether the last fetch failed, and the cool-down after it is not over."""
        return self._failed is not None and self._clock.elapsed_since(self._failed) < self._cool_down()

    def _cool_down(self) -> float:
        if self._is_usable():
            return COOL_DOWN
        return min(COOL_DOWN, FIRST_COOL_DOWN * float(2 ** min(self._failures - 1, COOL_DOWN)))

    def _age(self) -> float:
        return math.inf if self._fetched is None else self._clock.elapsed_since(self._fetched)

    def _is_usable(self) -> bool:
        return self._value is not None and self._age() <= max(MAX_AGE_IN_OUTAGE, self._lifetime)

    def _usable_value(self) -> T:
        if self._value is None:
            raise KeysUnavailable(self._latest.failure if self._latest and self._latest.failure else "no keys yet")
        if not self._is_usable():
            raise KeysUnavailable("the last good keys are too old")
        return self._value

    def _refresh_in_background(self, ended: int) -> _RunningFetch:
        """
        Return the fetch that is running, or begin one.

        *ended* is the number of fetches that had ended when the caller looked at the value: if another has ended since,
        it is returned instead, because its value is new to the caller.
        """
        with self._lock:
            latest = self._latest
            if latest is not None and not (ended == self._ended and self._is_over(latest)):
                return latest
            self.begun += 1
            fetch = self._latest = _RunningFetch(self.begun, self._clock.now())
        try:
            threading.Thread(target=self._run, args=(fetch,), name="fetch-keys", daemon=True).start()
        except RuntimeError:
            # The machine has no thread left. That is a failed fetch, and the cached keys still serve.
            self._fail(fetch, "no thread to fetch with")
            self._end(fetch)
        return fetch

    def _is_over(self, fetch: _RunningFetch) -> bool:
        return fetch.ended.is_set() or self._clock.elapsed_since(fetch.began) > MAX_WAIT_SECONDS

    def _result_of(self, fetch: _RunningFetch, deadline: TokenDeadline) -> T:
        if not fetch.ended.wait(deadline.remaining()):
            if self._clock.elapsed_since(fetch.began) >= MAX_FETCH_SECONDS:
                self._fail(fetch, "no answer in time")
            raise KeysUnavailable("no answer in time")
        if fetch.failure is not None and fetch.number > self.newest:
            raise KeysUnavailable(fetch.failure)
        return self._usable_value()

    def _run(self, fetch: _RunningFetch) -> None:
        age = None if self._fetched is None else self._age()
        outcome, succeeded = "", False
        try:
            fetched = self._fetch()
            self._keep(fetch, fetched)
            outcome, succeeded = fetched.outcome, True
        except Exception as error:  # noqa: BLE001 - any error counts as an outage, in which the old value is still used
            outcome = str(error) if isinstance(error, KeysUnavailable) else type(error).__name__
            self._fail(fetch, outcome)
        try:
            milliseconds = 1000 * (self._clock.monotonic() - fetch.began.monotonic)
            self._on_fetch(Fetch(succeeded, outcome, age, milliseconds))
        finally:
            self._end(fetch)

    def _end(self, fetch: _RunningFetch) -> None:
        with self._lock:
            self._ended += 1
        fetch.ended.set()

    def _keep(self, fetch: _RunningFetch, fetched: Fetched[T]) -> None:
        lifetime = self._default_lifetime if fetched.lifetime is None else fetched.lifetime
        with self._lock:
            if fetch.number < self.newest:
                return
            self._lifetime = min(max(lifetime, MIN_LIFETIME), MAX_LIFETIME)
            # A value's age counts from the beginning of its fetch: Lambda may have frozen the machine before the end.
            self._value, self._fetched, self.newest = fetched.value, fetch.began, fetch.number
            self._failed, self._failures, fetch.failure = None, 0, None

    def _fail(self, fetch: _RunningFetch, cause: str) -> None:
        with self._lock:
            if fetch.number > self.newest and fetch.failure is None:
                self._failed, self._failures = self._clock.now(), self._failures + 1
            fetch.failure = cause
