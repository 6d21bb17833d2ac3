"""Remember keys, so that the network is asked seldom and an outage hurts late."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from authorizer.errors import KeysUnavailable, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.clock import Clock, Mark
    from authorizer.keys import KeySet, VerificationKey

T = TypeVar("T")

SHORTEST_LIFETIME, LONGEST_LIFETIME = 60, 24 * 3600
DEFAULT_LIFETIME = 600
"""Of a key set whose issuer does not say. All times are in seconds."""
SECRET_LIFETIME = 300
REFRESH_AHEAD = 0.8
"""The part of its lifetime after which a value is fetched anew, while the old one still serves."""
GRACE = 3600
"""How old the last good keys may be while their source is out of reach."""
COOL_DOWN = 10
"""How long to leave a source alone that has just failed, or has just been asked for an unknown key."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A value, and for how long its source says it is good; None if it does not say."""

    value: T
    lifetime: float | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """What became of one fetch, for whoever watches. `age` is that of the value remembered until then, if any."""

    succeeded: bool
    outcome: str
    age: float | None
    milliseconds: float


class Remembered(Generic[T]):
    """What `fetch` gave last, fetched by one thread at a time however many ask."""

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
        self._tries = 0

    def get(self) -> T:
        """
        Return the value: at once if it is young, fetched first if it has aged, the old one if that fails.

        Raises:
            KeysUnavailable: It cannot be fetched, and the last one is older than an hour.
        """
        if self._value is None or self._fetched is None:
            return self.renew()
        age = self._clock.since(self._fetched)
        if age > self._lifetime and not self.failed_lately():
            with contextlib.suppress(KeysUnavailable):
                return self.renew()
        elif age > REFRESH_AHEAD * self._lifetime and not self.failed_lately():
            self._renew_aside()
        if age > GRACE and age > self._lifetime:
            raise KeysUnavailable("the last good keys are too old")
        return self._value

    def renew(self) -> T:
        """
        Fetch the value now, or wait for the fetch that is under way. A failure replaces nothing.

        Raises:
            KeysUnavailable: It cannot be fetched.
        """
        tries = self._tries
        with self._lock:
            # If somebody fetched while we waited, their outcome is ours.
            return self._fetch_now() if self._tries == tries else self._outcome()

    def settled(self) -> T:
        """
        Return the value when the fetch that is under way, if any, has ended.

        Raises:
            KeysUnavailable: It failed.
        """
        with self._lock:
            return self._outcome()

    def failed_lately(self) -> bool:
        """Say whether the last fetch failed, less than a cool-down ago."""
        return self._failed is not None and self._clock.since(self._failed) < COOL_DOWN

    def _renew_aside(self) -> None:
        if not self._lock.locked():
            threading.Thread(target=self._renew_quietly, name="refresh-ahead", daemon=True).start()

    def _renew_quietly(self) -> None:
        with contextlib.suppress(KeysUnavailable):
            self.renew()

    def _outcome(self) -> T:
        if self._failed is not None or self._value is None:
            raise KeysUnavailable("the last fetch failed")
        return self._value

    def _fetch_now(self) -> T:
        began, age = self._clock.mark(), self._clock.since(self._fetched) if self._fetched else None
        try:
            fetched = self._fetch()
        except KeysUnavailable as error:
            self._fail(began, age, str(error))
            raise
        except Exception as error:
            # What nobody foresaw is an outage, too, and no end of the keys that we have.
            self._fail(began, age, type(error).__name__)
            raise KeysUnavailable(type(error).__name__) from error
        lifetime = self._default_lifetime if fetched.lifetime is None else fetched.lifetime
        self._lifetime = min(max(lifetime, SHORTEST_LIFETIME), LONGEST_LIFETIME)
        self._value, self._fetched, self._failed = fetched.value, self._clock.mark(), None
        self._tell(began, age, "fetched", succeeded=True)
        return fetched.value

    def _fail(self, began: Mark, age: float | None, cause: str) -> None:
        self._failed = self._clock.mark()
        self._tell(began, age, cause, succeeded=False)

    def _tell(self, began: Mark, age: float | None, outcome: str, *, succeeded: bool) -> None:
        self._tries += 1
        self._watch(Fetch(succeeded, outcome, age, 1000 * (self._clock.steady() - began.steady)))


class FixedKeys:
    """A key set that the deployer gave."""

    def __init__(self, keys: KeySet) -> None:
        """Keep *keys* for good."""
        self._keys = keys

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> tuple[VerificationKey, ...]:
        """Return the one key that fits."""
        return (self._keys.find(kid, algorithm, issuer),)

    def warm_up(self) -> None:
        """Do nothing: the keys are here."""


class IssuerKeys:
    """The key set that an issuer publishes. A key that it does not have is asked for once per cool-down."""

    def __init__(self, keys: Remembered[KeySet], clock: Clock) -> None:
        """Take the key set as *keys* remembers it."""
        self._keys = keys
        self._clock = clock
        self._asked: Mark | None = None

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> tuple[VerificationKey, ...]:
        """
        Return the one key that fits, asking the issuer again if none does.

        Raises:
            TokenRefused: The issuer has no such key.
            KeysUnavailable: The issuer cannot be asked.
        """
        keys = self._keys.get()
        try:
            return (keys.find(kid, algorithm, issuer),)
        except TokenRefused:
            return (self._ask_again().find(kid, algorithm, issuer),)

    def warm_up(self) -> None:
        """Fetch the key set, if it can be had."""
        with contextlib.suppress(KeysUnavailable):
            self._keys.get()

    def _ask_again(self) -> KeySet:
        if self._keys.failed_lately():
            # The key may be one that we could not learn of: an outage is never a refusal.
            raise KeysUnavailable("an unknown key, and the issuer cannot be asked")
        if self._asked is not None and self._clock.since(self._asked) < COOL_DOWN:
            return self._keys.settled()
        self._asked = self._clock.mark()
        return self._keys.renew()


class SecretKeys:
    """A shared secret: its current version and, while it is being rotated, the previous one."""

    def __init__(self, versions: Remembered[tuple[VerificationKey, ...]]) -> None:
        """Take the versions as *versions* remembers them."""
        self._versions = versions

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> tuple[VerificationKey, ...]:  # noqa: ARG002 - a secret has no name and no issuer
        """
        Return all versions: each was made for the provider's one algorithm.

        Raises:
            KeysUnavailable: The secret cannot be read.
        """
        return self._versions.get()

    def warm_up(self) -> None:
        """Read the secret, if it can be had."""
        with contextlib.suppress(KeysUnavailable):
            self._versions.get()
