"""What a check says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """Whether a thing is as it has to be. UNKNOWN: it could not be looked at. SKIPPED: it is not played locally."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """
    What was *found*, what is *wanted* instead, and the *mend*: what to do, as a sentence. The last two may be empty.

    *check* is the name of the check that says so, which is filled in where all checks are run. If the verdict is
    UNKNOWN, *found* says what is missing for looking, for example a permission.
    """

    verdict: Verdict
    found: str
    wanted: str = ""
    mend: str = ""
    check: str = ""


def ok(found: str) -> Finding:
    """Say that *found* is as it has to be."""
    return Finding(Verdict.OK, found)


def wrong(found: str, *, wanted: str, mend: str) -> Finding:
    """Say that *found* is not what is *wanted*, and what to do about it."""
    return Finding(Verdict.WRONG, found, wanted, mend)


def unknown(missing: str, *, mend: str = "") -> Finding:
    """Say that *missing* keeps us from looking, and what to do about that."""
    return Finding(Verdict.UNKNOWN, missing, "", mend)


def skipped(why: str) -> Finding:
    """Say *why* there is nothing to look at: the local AWS does not play it, for example."""
    return Finding(Verdict.SKIPPED, why)
