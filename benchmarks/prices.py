"""What Lambda bills: USD as listed for x86 in us-east-1, beyond the free tier."""

from __future__ import annotations

import math

GB_SECOND = 0.0000166667
REQUEST = 0.0000002
"""https://aws.amazon.com/lambda/pricing/, in a stored copy looked at on 26 November 2026."""
SNAPSHOT_GB_SECOND = 0.0000015046
RESTORED_GB = 0.0001397998
"""SnapStart's, for Python on x86 in us-east-1: the same page, in a stored copy looked at on 27 November 2026."""
MONTH = 730 * 3600
"""Seconds, as AWS's calculator has them."""
MILLION = 1_000_000
NOTE = f"""\
USD are Lambda's alone for a million sign-ins, at {GB_SECOND:.10f} USD a GB-second and {MILLION * REQUEST:.2f} USD a
million requests ([listed](https://aws.amazon.com/lambda/pricing/) for x86 in us-east-1, 26 November 2026, beyond the
free tier). API Gateway's 3.50 USD ([REST](https://aws.amazon.com/api-gateway/pricing/), the same day) come on top,
whoever is behind it"""


def of_a_million(megabytes: int, *milliseconds: float) -> float:
    """Return USD for a million times that functions of *megabytes* each take their *milliseconds*, rounded up."""
    billed = sum(map(math.ceil, milliseconds)) / 1000
    return MILLION * (len(milliseconds) * REQUEST + billed * megabytes / 1024 * GB_SECOND)


def of_a_snapshot(megabytes: int, seconds: float = MONTH, starts: int = 0) -> float:
    """Return USD for a version with SnapStart that exists for *seconds*, and for *starts* of copies of it."""
    return megabytes / 1024 * (seconds * SNAPSHOT_GB_SECOND + starts * RESTORED_GB)
