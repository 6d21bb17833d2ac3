"""
Hold every policy of ours against AWS's own data: `make check` prints what AWS does not know, and fails.

Judged is what template.yaml makes of each set of parameters, trust policies included, and what `make revoke` writes.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from operations.deny_policies import DenyPolicy
from tests import reference
from tests.translated import SETS, deployed, statements, trusted

if TYPE_CHECKING:
    from collections.abc import Iterator


def ours() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each statement, with whose it is."""
    for name, parameters in SETS.items():
        for kind, roles in (("may", deployed(parameters)[1]), ("trusts", trusted(parameters))):
            yield from ((f"{role} {kind}, {name}", said) for role, all_of_it in roles.items() for said in all_of_it)
    policy = DenyPolicy.of(frozenset({"ada"}), datetime(2027, 1, 15, 8, 0, tzinfo=UTC))
    yield from (("make revoke", said) for said in statements(policy.document()))


def findings() -> list[str]:
    """Return what AWS does not know, each with where it stands."""
    return [f"{whose}: {finding}" for whose, said in ours() for finding in reference.findings(said)]


if __name__ == "__main__":
    sys.exit("\n".join(findings()) or 0)
