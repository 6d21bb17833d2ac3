"""
Lambda SnapStart: see that no copy of a started function shares with another what must be its own.

Lambda starts the function once, takes a snapshot of it, and goes on from copies of that, hours later and many at once.
Settings, clients and threads may be the same in all. Connections would be dead. Chance would not be chance: copies that
are throttled together would come back together, and TLS keys would not be secret from one another. What is drawn from
the operating system (`uuid`, `secrets`) needs no renewal. Credentials expire by the clock on the wall, and botocore
fetches others; the list of users who were cut off is old by that clock, too, and read anew.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import os
import random
import ssl
from typing import Protocol

ENTROPY = 48
"""Bytes: more than OpenSSL's generators need to be started."""


class Connected(Protocol):
    """What keeps connections open."""

    def connect(self) -> None:
        """Open connections, in ten seconds at most: so long Lambda waits for a copy."""

    def disconnect(self) -> None:
        """Close all of them."""


def prepare(connected: Connected) -> None:
    """Have Lambda disconnect *connected* before a snapshot, and renew what each copy needs for itself after it."""
    # Lambda's runtime has it, and there is no snapshot anywhere else.
    from snapshot_restore_py import register_after_restore, register_before_snapshot  # noqa: PLC0415

    register_before_snapshot(connected.disconnect)
    # In this order: the new connections have their keys from the new randomness.
    register_after_restore(renew_chance)
    register_after_restore(connected.connect)


def renew_chance() -> None:
    """Start the generators of random numbers anew that live in this process: Python's and OpenSSL's."""
    random.seed()
    ssl.RAND_add(os.urandom(ENTROPY), ENTROPY)
