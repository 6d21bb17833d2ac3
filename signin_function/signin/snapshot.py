"""
Lambda SnapStart: no two copies of a started function may share what each must have for itself.

Lambda starts the function once, takes a snapshot of it, and continues from copies of the snapshot, hours later and many
at once. All copies may have the same settings, clients and threads. These they must not share:

- Connections: they are dead in a copy.
- Random numbers: copies that were throttled together would retry together, and TLS keys would not be secret from one
  another. What draws from the operating system (`uuid`, `secrets`) needs nothing.

Two things need no care, because they are dated by the wall clock: credentials, which botocore fetches again when they
have expired, and the cached list of revoked users, which is stale by then and read again.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import os
import random
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ENTROPY = 48
"""Bytes: more than OpenSSL's random number generators need to be seeded."""


def prepare(disconnect: Callable[[], object], connect: Callable[[], object]) -> None:
    """
    Have Lambda call *disconnect* before a snapshot, and in each copy `reseed` and *connect*.

    Lambda waits ten seconds for a copy, so *connect* must not take longer.
    """
    # Imported here, because only Lambda's own runtime has this module.
    from snapshot_restore_py import register_after_restore, register_before_snapshot  # noqa: PLC0415

    register_before_snapshot(disconnect)
    # In this order, so that the new connections take their keys from the new random numbers.
    register_after_restore(reseed)
    register_after_restore(connect)


def reseed() -> None:
    """Seed the random number generators of this process anew: Python's and OpenSSL's."""
    random.seed()
    ssl.RAND_add(os.urandom(ENTROPY), ENTROPY)
