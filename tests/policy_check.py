"""
Check all policies against AWS's service authorization reference: `make check` prints each contradiction, and fails.

Checked are the policies and trust policies of template.yaml, for each set of parameters, and those of `make revoke`.
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
    """Yield each statement, with a text that names its role and set of parameters."""
    for name, parameters in SETS.items():
        for kind, roles in (("may", deployed(parameters)[1]), ("trusts", trusted(parameters))):
            for role, its_statements in roles.items():
                yield from ((f"{role} {kind}, {name}", statement) for statement in its_statements)
    policy = DenyPolicy.of(frozenset({"ada"}), datetime(2027, 1, 15, 8, 0, tzinfo=UTC))
    yield from (("make revoke", statement) for statement in statements(policy.document()))


def findings() -> list[str]:
    """Return all contradictions, each after the name of its statement."""
    return [f"{whose}: {finding}" for whose, statement in ours() for finding in reference.findings(statement)]


if __name__ == "__main__":
    sys.exit("\n".join(findings()) or 0)
