"""Find the buckets of S3 in moto's state, and what was set for them: the policy, and which pages may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.s3.models import s3_backends

from local.aws.identities import ACCOUNT, PARTITION

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket


def find(name: str | None) -> FakeBucket | None:
    """Return the bucket of that name, or None."""
    found: FakeBucket | None = s3_backends[ACCOUNT][PARTITION].buckets.get(name or "")
    return found


def policy_of(bucket: FakeBucket) -> str | None:
    """Return the bucket's policy, or None."""
    return bucket.policy.decode() if bucket.policy else None
