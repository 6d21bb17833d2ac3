"""Why a long token costs more: what nobody can do without, and what is ours."""

from __future__ import annotations

import binascii
import hashlib
import json
from typing import TYPE_CHECKING

from benchmarks.report import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Pair = tuple[float, float]
    """What a plain token takes, and what a long one takes, in microseconds."""

VERIFIED = "OpenSSL's verification"
DECODED, READ = "base64 of the three parts", "JSON of header and claims"
UNAVOIDABLE = (VERIFIED, DECODED, READ)
PARSED = "all of parsing"
HASHED = "ours: the SHA-256 by which the log names the token"
CHECKED = "ours: one spelling, unique names and depth, which are checked in parsing"


def parts(token: str, verified: Callable[[], object]) -> dict[str, Callable[[], object]]:
    """Return what has to be done with *token*, by the fastest means at hand, and what of ours grows with its length."""
    from authorizer import compact  # noqa: PLC0415 - only where nothing is written to stdout

    encoded = [(part + "=" * (-len(part) % 4)).translate(str.maketrans("-_", "+/")) for part in token.split(".")]
    header, claims, _ = map(binascii.a2b_base64, encoded)
    return {
        VERIFIED: verified,
        DECODED: lambda: [binascii.a2b_base64(part) for part in encoded],
        READ: lambda: (json.loads(header), json.loads(claims)),
        PARSED: lambda: compact.parse(token),
        HASHED: lambda: hashlib.sha256(token.encode()).hexdigest(),
    }


def floor(taken: Mapping[str, Pair]) -> Pair:
    """Return what nobody can do without."""
    return _sum(taken[part] for part in UNAVOIDABLE)


def table(taken: Mapping[str, Pair], whole: Pair, characters: int, budget: float) -> Table:
    """
    Return what a plain token and one of so many *characters* are made of.

    *whole* is what the authorizer took, and *budget* how many times OpenSSL's verification it may take for any token.
    """
    least, hashed = floor(taken), taken[HASHED]
    checked = _less(taken[PARSED], taken[DECODED], taken[READ])
    figures = {
        **{part: taken[part] for part in UNAVOIDABLE},
        "**together: what nobody can do without**": least,
        CHECKED: checked,
        HASHED: hashed,
        "ours: all else": _less(whole, least, checked, hashed),
        "**the whole authorizer**": whole,
    }
    note = f"""\
Of the same run, medians. Base64 and JSON are Python's own, without any check. The long token takes the whole authorizer
{whole[1] / whole[0]:.2f} times as long as the plain one, and what nobody can do without {least[1] / least[0]:.2f} times
as long. It takes {whole[1] / taken[VERIFIED][0]:.2f} times as long as OpenSSL's verification of the plain one; a tenth
above the goal for the handler call is {1.1 * budget:.2f}."""
    return Table(
        f"Why {characters:,} characters cost more, microseconds",
        note,
        ("", "a plain token", f"{characters:,} characters", "more"),
        [[part, f"{plain:.1f}", f"{long:.1f}", f"{long - plain:.1f}"] for part, (plain, long) in figures.items()],
    )


def _sum(pairs: Iterable[Pair]) -> Pair:
    plain, long = zip(*pairs, strict=True)
    return sum(plain), sum(long)


def _less(whole: Pair, *others: Pair) -> Pair:
    plain, long = _sum(others)
    return whole[0] - plain, whole[1] - long
