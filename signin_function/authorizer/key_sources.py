"""The sources of keys: each gives the keys that may have signed a token, and has its own rules for fetching again."""

from __future__ import annotations

import contextlib
import math
import threading
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from authorizer.algorithms import HMAC
from authorizer.clock import CoolDown
from authorizer.errors import KeysUnavailable, Reason, TokenRefused
from authorizer.refreshing_cache import COOL_DOWN, MAX_WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authorizer.clock import Clock, Instant, TokenDeadline
    from authorizer.keys import KeySet, VerificationKey
    from authorizer.providers import KeySource
    from authorizer.refreshing_cache import RefreshingCache

T = TypeVar("T")

SECRET_LIFETIME = 300
"""For how many seconds a shared secret is cached."""
MAX_UNKNOWN_KIDS = 100
"""How many unknown key ids are kept. A limit is needed because anybody can write any key id into a token."""


class FixedKeys:
    """A key set that is written in the settings."""

    def __init__(self, keys: KeySet) -> None:
        """Take the *keys*, which never change."""
        self._keys = keys

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """Give the one key that fits."""
        yield self._keys.find(kid, algorithm, issuer)

    def warm_up(self) -> None:
        """Do nothing: there is nothing to fetch."""


class IssuerKeys:
    """
    The key set that an issuer publishes.

    A token may be signed with a key that the issuer added since the last fetch. So the key set is fetched again for a
    key that it lacks, and after a wrong signature. Each is done once per cool-down, so that forged tokens cause two
    fetches in that time at most.
    """

    def __init__(self, keys: RefreshingCache[KeySet], clock: Clock, max_wait: float = MAX_WAIT_SECONDS) -> None:
        """Take the cache of the key set. A token waits for *max_wait* seconds in all."""
        self._keys = keys
        self._clock = clock
        self._max_wait = max_wait
        self._for_unknown, self._for_wrong = CoolDown(clock, COOL_DOWN), CoolDown(clock, COOL_DOWN)
        self._missed: dict[str | None, int] = {}
        self._lock = threading.Lock()

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """
        Give the one key that fits and then, if that has not signed, the one that the issuer has in its place now.

        Raises:
            TokenRefused: The issuer has no such key.
            KeysUnavailable: The issuer cannot be asked, or not before the cool-down is over.
        """
        deadline = self._clock.deadline(self._max_wait)
        keys = self._keys.get(deadline)
        try:
            found = keys.find(kid, algorithm, issuer)
        except TokenRefused:
            yield self._with_unknown_key(kid, algorithm, issuer, deadline)
            return
        yield found
        # A key without a name was found for a token that names one: the named one may be new, so fetch again for it.
        is_named = found.kid == kid or kid is None
        fetch_again = self._after_wrong_signature if is_named else self._with_unknown_key
        newer = fetch_again(kid, algorithm, issuer, deadline)
        if newer is not None and not newer.is_same_as(found):
            yield newer

    def warm_up(self) -> None:
        """Fetch the key set, if the issuer answers."""
        with contextlib.suppress(KeysUnavailable):
            self._keys.get(self._clock.deadline(self._max_wait))

    def _with_unknown_key(
        self, kid: str | None, algorithm: str, issuer: str | None, deadline: TokenDeadline
    ) -> VerificationKey:
        begun = self._fetches_begun_at_first_miss(kid)
        keys = _fetched_again(self._keys, self._for_unknown, deadline)
        if self._keys.newest <= begun and not _has(keys, kid, algorithm, issuer):
            # Not a refusal: an attacker who sends many made-up key ids must not get good tokens refused.
            raise KeysUnavailable("an unknown key, and the issuer was asked a moment ago")
        return keys.find(kid, algorithm, issuer)

    def _fetches_begun_at_first_miss(self, kid: str | None) -> int:
        """Return how many fetches had begun when *kid* was first missed: a later one without it shows it is unknown."""
        with self._lock:
            if kid not in self._missed and len(self._missed) >= MAX_UNKNOWN_KIDS:
                del self._missed[next(iter(self._missed))]
            return self._missed.setdefault(kid, self._keys.begun)

    def _after_wrong_signature(
        self, kid: str | None, algorithm: str, issuer: str | None, deadline: TokenDeadline
    ) -> VerificationKey | None:
        # Errors are ignored: by the known keys the signature is wrong, and most tokens with a wrong one are forged.
        with contextlib.suppress(KeysUnavailable, TokenRefused):
            return _fetched_again(self._keys, self._for_wrong, deadline).find(kid, algorithm, issuer)
        return None


class SecretVersion(NamedTuple):
    """A version of a shared secret. It is accepted for `accepted_for` seconds after it was `read`."""

    key: VerificationKey
    read: Instant
    accepted_for: float = math.inf


class SecretKeys:
    """A shared secret: its current version and, for a while after it was replaced, the previous one."""

    def __init__(
        self, versions: RefreshingCache[tuple[SecretVersion, ...]], clock: Clock, max_wait: float = MAX_WAIT_SECONDS
    ) -> None:
        """Take the cache of the *versions*. A token waits for *max_wait* seconds in all."""
        self._versions = versions
        self._clock = clock
        self._max_wait = max_wait
        self._for_wrong = CoolDown(clock, COOL_DOWN)

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:  # noqa: ARG002 - a secret has no kid and no issuer
        """
        Give all versions and then, if none has signed, those that were added since they were fetched.

        Raises:
            KeysUnavailable: The secret cannot be read.
        """
        deadline = self._clock.deadline(self._max_wait)
        tried = self._accepted(self._versions.get(deadline))
        yield from tried
        with contextlib.suppress(KeysUnavailable):
            newer = self._accepted(_fetched_again(self._versions, self._for_wrong, deadline))
            yield from (key for key in newer if not any(key.is_same_as(old) for old in tried))

    def warm_up(self) -> None:
        """Read the secret, if Secrets Manager answers."""
        with contextlib.suppress(KeysUnavailable):
            self._versions.get(self._clock.deadline(self._max_wait))

    def _accepted(self, versions: tuple[SecretVersion, ...]) -> tuple[VerificationKey, ...]:
        # Checked at each use, because in an outage the cache keeps a version for longer than it is accepted.
        return tuple(
            version.key for version in versions if self._clock.elapsed_since(version.read) < version.accepted_for
        )


class KeysBesideSecret:
    """
    Both the keys and the shared secret of a project that moves from a secret to keys, for a limited time.

    The algorithm of a token decides between them, so that a public key never verifies an HMAC.
    """

    def __init__(self, keys: KeySource, secret: KeySource | None, seconds: float, clock: Clock) -> None:
        """Accept the *secret*, if there is one, for so many *seconds* from now."""
        self._keys = keys
        self._secret = secret
        self._seconds = seconds
        self._clock = clock
        self._began = clock.now()

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[VerificationKey]:
        """
        Give the secret for an HMAC algorithm, and the keys for all others.

        Raises:
            TokenRefused: The time of the secret is over, or no key fits.
            KeysUnavailable: They cannot be fetched.
        """
        if algorithm not in HMAC:
            return self._keys.candidates(kid, algorithm, issuer)
        if self._secret is None or self._clock.elapsed_since(self._began) >= self._seconds:
            over = "an algorithm of keys, since the time of the shared secret is over"
            raise TokenRefused(Reason.WRONG_ALGORITHM, "alg", algorithm, over)
        return self._secret.candidates(kid, algorithm, issuer)

    def warm_up(self) -> None:
        """Fetch both at the same time."""
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


def _fetched_again(cache: RefreshingCache[T], cool_down: CoolDown, deadline: TokenDeadline) -> T:
    """Return the value of a new fetch or, within the cool-down, of the latest one."""
    if cache.failed_recently():
        # Not a refusal: the key may be a new one that could not be fetched, and an outage is never a 401.
        raise KeysUnavailable("an unknown key, and the issuer cannot be asked")
    return cache.refresh(deadline) if cool_down.try_start() else cache.wait(deadline)
