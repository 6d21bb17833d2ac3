"""A source of keys that counts how often it is asked, and behaves as a test wants."""

from __future__ import annotations

import math
import sys
import threading
import traceback
from typing import Any

from authorizer.clock import Clock
from authorizer.errors import KeysUnavailable
from authorizer.key_sources import SecretVersion
from authorizer.keys import KeySet, VerificationKey, key_set, secret_key
from authorizer.refreshing_cache import Fetch, Fetched
from tests.tokens import rsa_signer

OLD, NEW = rsa_signer(kid="old").jwk, rsa_signer(kid="new").jwk


class Source:
    """An issuer, or Secrets Manager, that counts how often it is asked, with a clock that the test moves."""

    def __init__(self) -> None:
        self.keys = self.of(OLD)
        self.lifetime: float | None = None
        self.secrets: tuple[VerificationKey, ...] = (secret_key(b"x" * 32, "HS256"),)
        self.accepted_for = math.inf
        self.asked = 0
        self.down = False
        self.error: Exception = KeysUnavailable("down")
        self.takes = 0.0
        self.frozen = 0.0
        self.wall_clock = 1_800_000_000.0
        self.monotonic = 50.0
        self.clock = Clock(lambda: self.wall_clock, lambda: self.monotonic)
        self.watched: list[Fetch] = []
        self.hold: threading.Event | None = None
        self.hold_from = 1

    @staticmethod
    def of(*keys: Any) -> KeySet:
        return key_set({"keys": list(keys)}, ("RS256",))

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self.wall_clock += seconds
        self.monotonic += seconds

    def fetch(self) -> Fetched[KeySet]:
        self.asked += 1
        self.advance(self.takes)
        self.wall_clock += self.frozen
        if self.hold and self.asked >= self.hold_from:
            self.hold.wait(timeout=30)
        if self.down:
            raise self.error
        return Fetched(self.keys, self.lifetime)

    def fetch_secrets(self) -> Fetched[tuple[SecretVersion, ...]]:
        read = self.clock.now()
        self.fetch()
        current, *previous = self.secrets
        return Fetched(
            (SecretVersion(current, read), *(SecretVersion(key, read, self.accepted_for) for key in previous))
        )


def threads_in(function: str) -> int:
    """Count the threads that are in *function*, or in a function that it called."""
    tops = sys._current_frames().values()  # noqa: SLF001 - documented in spite of its underscore
    return sum(any(frame.f_code.co_name == function for frame, _ in traceback.walk_stack(top)) for top in tops)


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "fetch-keys":
            thread.join(timeout=30)
