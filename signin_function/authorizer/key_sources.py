"""Where keys come from: each source gives those that may have signed a token, and is asked again by its own rules."""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from authorizer.algorithms import HMAC
from authorizer.clock import CoolDown
from authorizer.errors import KeysUnavailable, Reason, TokenRefused
from authorizer.refreshing_cache import COOL_DOWN, MAX_WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authorizer.clock import Clock, Deadline, Instant
    from authorizer.keys import KeySet, VerificationKey
    from authorizer.providers import KeySource
    from authorizer.refreshing_cache import RefreshingCache

T = TypeVar("T")

SECRET_LIFETIME = 300
"""In seconds."""
MAX_UNKNOWN_KIDS = 100
"""How many unknown key ids are remembered. They are whatever a stranger wrote into a token."""


class FixedKeys:
    """A key set that the deployer gave."""

    def __init__(self, keys: KeySet) -> None:
        """Keep *keys* for good."""
        self._keys = keys

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """Give the one key that fits."""
        yield self._keys.find(kid, algorithm, issuer)

    def warm_up(self) -> None:
        """Do nothing: the keys are here."""


class IssuerKeys:
    """
    The key set that an issuer publishes.

    A token may be of a key that the issuer made since it was asked. So it is asked again for a key that the set lacks,
    and after a wrong signature: each once per cool-down, so that forgeries cost two fetches in that time at most.
    """

    def __init__(self, keys: RefreshingCache[KeySet], clock: Clock, max_wait: float = MAX_WAIT_SECONDS) -> None:
        """Take the key set as *keys* remembers it; a token waits for *max_wait* seconds in all."""
        self._keys = keys
        self._clock = clock
        self._max_wait = max_wait
        self._for_unknown, self._for_wrong = CoolDown(clock, COOL_DOWN), CoolDown(clock, COOL_DOWN)
        self._missed: dict[str | None, int] = {}
        self._lock = threading.Lock()

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """
        Give the one key that fits and, if that has not signed, the one that the issuer has in its place by now.

        Raises:
            TokenRefused: The issuer has no such key.
            KeysUnavailable: The issuer cannot be asked, or not before the cool-down is over.
        """
        deadline = self._clock.deadline(self._max_wait)
        keys = self._keys.get(deadline)
        try:
            found = keys.find(kid, algorithm, issuer)
        except TokenRefused:
            yield self._asked_for(kid, algorithm, issuer, deadline)
            return
        yield found
        # A key without a name was only the best that there was for a token that names one.
        is_named = found.kid == kid or kid is None
        again = self._asked_after_forgery if is_named else self._asked_for
        renewed = again(kid, algorithm, issuer, deadline)
        if renewed is not None and not renewed.is_same_as(found):
            yield renewed

    def warm_up(self) -> None:
        """Fetch the key set, if it can be had."""
        with contextlib.suppress(KeysUnavailable):
            self._keys.get(self._clock.deadline(self._max_wait))

    def _asked_for(self, kid: str | None, algorithm: str, issuer: str | None, deadline: Deadline) -> VerificationKey:
        begun = self._begun_when_first_missed(kid)
        keys = _asked_again(self._keys, self._for_unknown, deadline)
        if self._keys.newest <= begun and not _has(keys, kid, algorithm, issuer):
            # Nobody can say yet: whoever floods us with key ids must not have good tokens refused.
            raise KeysUnavailable("an unknown key, and the issuer was asked a moment ago")
        return keys.find(kid, algorithm, issuer)

    def _begun_when_first_missed(self, kid: str | None) -> int:
        """Return how many fetches had begun: what began later, and lacks *kid*, proves that there is no such key."""
        with self._lock:
            if kid not in self._missed and len(self._missed) >= MAX_UNKNOWN_KIDS:
                del self._missed[next(iter(self._missed))]
            return self._missed.setdefault(kid, self._keys.begun)

    def _asked_after_forgery(
        self, kid: str | None, algorithm: str, issuer: str | None, deadline: Deadline
    ) -> VerificationKey | None:
        # Most wrong signatures are just that: what cannot be asked leaves them so.
        with contextlib.suppress(KeysUnavailable, TokenRefused):
            return _asked_again(self._keys, self._for_wrong, deadline).find(kid, algorithm, issuer)
        return None


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """A version of a shared secret, accepted for `left` seconds after it was `read`; the current one without an end."""

    key: VerificationKey
    read: Instant
    left: float = math.inf


class SecretKeys:
    """A shared secret: its current version and, for a while after that took its place, the previous one."""

    def __init__(
        self, versions: RefreshingCache[tuple[SecretVersion, ...]], clock: Clock, max_wait: float = MAX_WAIT_SECONDS
    ) -> None:
        """Take the versions as *versions* remembers them; a token waits for *max_wait* seconds in all."""
        self._versions = versions
        self._clock = clock
        self._max_wait = max_wait
        self._for_wrong = CoolDown(clock, COOL_DOWN)

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:  # noqa: ARG002 - a secret has no name and no issuer
        """
        Give all versions, each made for the one algorithm, and, if none has signed, what has come since.

        Raises:
            KeysUnavailable: The secret cannot be read.
        """
        deadline = self._clock.deadline(self._max_wait)
        tried = self._accepted(self._versions.get(deadline))
        yield from tried
        with contextlib.suppress(KeysUnavailable):
            renewed = self._accepted(_asked_again(self._versions, self._for_wrong, deadline))
            yield from (key for key in renewed if not any(key.is_same_as(old) for old in tried))

    def warm_up(self) -> None:
        """Read the secret, if it can be had."""
        with contextlib.suppress(KeysUnavailable):
            self._versions.get(self._clock.deadline(self._max_wait))

    def _accepted(self, versions: tuple[SecretVersion, ...]) -> tuple[VerificationKey, ...]:
        # Looked at here, as an outage may have a version remembered for longer than it is good.
        return tuple(version.key for version in versions if self._clock.elapsed_since(version.read) < version.left)


class KeysBesideSecret:
    """
    The keys and the shared secret of a project that moves from one to the other, for so long.

    A token's algorithm says which: a public key never verifies what a secret should have signed.
    """

    def __init__(self, keys: KeySource, secret: KeySource | None, seconds: float, clock: Clock) -> None:
        """Accept the *secret*, if it is given, for so many *seconds* from now."""
        self._keys = keys
        self._secret = secret
        self._seconds = seconds
        self._clock = clock
        self._began = clock.now()

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """
        Give the secret alone for its algorithm, and the keys alone for all others.

        Raises:
            TokenRefused: The secret's time is over, or the keys refuse.
            KeysUnavailable: What is needed cannot be had.
        """
        if algorithm not in HMAC:
            return self._keys.candidates(kid, algorithm, issuer)
        if self._secret is None or self._clock.elapsed_since(self._began) >= self._seconds:
            raise TokenRefused(Reason.WRONG_ALGORITHM)
        return self._secret.candidates(kid, algorithm, issuer)

    def warm_up(self) -> None:
        """Get both at the same time."""
        if self._secret is None:
            self._keys.warm_up()
            return
        secret = threading.Thread(target=self._secret.warm_up, name="warm-up", daemon=True)
        secret.start()
        self._keys.warm_up()
        secret.join()


def _has(keys: KeySet, kid: str | None, algorithm: str, issuer: str | None) -> bool:
    try:
        return keys.find(kid, algorithm, issuer).kid == kid or kid is None
    except TokenRefused:
        return False


def _asked_again(remembered: RefreshingCache[T], cool_down: CoolDown, deadline: Deadline) -> T:
    """Return what the source says now or, within the cool-down, said when it was asked last."""
    if remembered.failed_recently():
        # The key may be one that we could not learn of: an outage is never a refusal.
        raise KeysUnavailable("an unknown key, and the issuer cannot be asked")
    return remembered.refresh(deadline) if cool_down.try_start() else remembered.wait(deadline)
