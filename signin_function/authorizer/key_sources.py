"""Remember keys, so that the network is asked seldom and an outage hurts late."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from authorizer.errors import KeysUnavailable, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.keys import KeySet, VerificationKey

T = TypeVar("T")

KEY_SET_SECONDS = 600
SECRET_SECONDS = 300
GRACE_SECONDS = 3600
"""How old the last good keys may be while their source is out of reach."""
COOL_DOWN_SECONDS = 10
"""How long to leave a source alone that has just failed, or has just been asked for an unknown key."""


class Remembered(Generic[T]):
    """What `fetch` gave last. Times are seconds of `clock`."""

    def __init__(self, fetch: Callable[[], T], lifetime: float, clock: Callable[[], float]) -> None:
        """Fetch nothing yet."""
        self._fetch = fetch
        self._lifetime = lifetime
        self._clock = clock
        self._value: T | None = None
        self._fetched = 0.0
        self._failed: float | None = None

    def get(self) -> T:
        """
        Return the value, fetching it if there is none or it is older than its lifetime.

        Raises:
            KeysUnavailable: It cannot be fetched, and the last one is older than an hour.
        """
        age = self._clock() - self._fetched
        if self._value is None:
            return self.renew()
        if age > self._lifetime and not self.failed_lately():
            with contextlib.suppress(KeysUnavailable):
                return self.renew()
        if age > GRACE_SECONDS:
            raise KeysUnavailable
        return self._value

    def renew(self) -> T:
        """
        Fetch the value now. A failure replaces nothing.

        Raises:
            KeysUnavailable: It cannot be fetched.
        """
        try:
            self._value = self._fetch()
        except KeysUnavailable:
            self._failed = self._clock()
            raise
        self._fetched, self._failed = self._clock(), None
        return self._value

    def failed_lately(self) -> bool:
        """Say whether the last fetch failed, less than a cool-down ago."""
        return self._failed is not None and self._clock() - self._failed < COOL_DOWN_SECONDS


class FixedKeys:
    """A key set that the deployer gave."""

    def __init__(self, keys: KeySet) -> None:
        """Keep *keys* for good."""
        self._keys = keys

    def candidates(self, kid: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the one key that fits."""
        return (self._keys.find(kid, algorithm),)

    def warm_up(self) -> None:
        """Do nothing: the keys are here."""


class IssuerKeys:
    """The key set that an issuer publishes. A key it does not have is asked for once per cool-down."""

    def __init__(self, fetch: Callable[[], KeySet], clock: Callable[[], float]) -> None:
        """Get key sets by *fetch*, which raises KeysUnavailable if it cannot."""
        self._keys = Remembered(fetch, KEY_SET_SECONDS, clock)
        self._clock = clock
        self._asked: float | None = None
        self._lock = threading.Lock()

    def candidates(self, kid: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """
        Return the one key that fits, asking the issuer again if none does.

        Raises:
            TokenRefused: The issuer has no such key.
            KeysUnavailable: The issuer cannot be asked.
        """
        with self._lock:
            keys = self._keys.get()
            try:
                return (keys.find(kid, algorithm),)
            except TokenRefused:
                return (self._ask_again(keys).find(kid, algorithm),)

    def warm_up(self) -> None:
        """Fetch the key set, if it can be had."""
        with self._lock, contextlib.suppress(KeysUnavailable):
            self._keys.get()

    def _ask_again(self, keys: KeySet) -> KeySet:
        if self._keys.failed_lately():
            # The key may be one that we could not learn of: an outage is never a refusal.
            raise KeysUnavailable
        now = self._clock()
        if self._asked is not None and now - self._asked < COOL_DOWN_SECONDS:
            return keys
        self._asked = now
        return self._keys.renew()


class SecretKeys:
    """A shared secret: its current version and, while it is being rotated, the previous one."""

    def __init__(self, fetch: Callable[[], tuple[VerificationKey, ...]], clock: Callable[[], float]) -> None:
        """Get the versions by *fetch*, which raises KeysUnavailable if it cannot."""
        self._versions = Remembered(fetch, SECRET_SECONDS, clock)
        self._lock = threading.Lock()

    def candidates(self, kid: str | None, algorithm: str) -> tuple[VerificationKey, ...]:  # noqa: ARG002 - a secret has no name
        """
        Return the versions that are long enough for *algorithm*.

        Raises:
            KeysUnavailable: The secret cannot be read, or none of its versions is long enough.
        """
        with self._lock:
            fitting = tuple(key for key in self._versions.get() if algorithm in key.by_algorithm)
        if not fitting:
            raise KeysUnavailable
        return fitting

    def warm_up(self) -> None:
        """Read the secret, if it can be had."""
        with self._lock, contextlib.suppress(KeysUnavailable):
            self._versions.get()
