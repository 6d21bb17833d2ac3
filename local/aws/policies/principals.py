"""
Parse the Principal of a resource-based policy, and tell whether a caller is one of its principals.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.aws.policies import PolicyError

_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_ACCOUNT = re.compile(r"(?:arn:aws:iam::)?(\d{12})(?::root)?")


@dataclass(frozen=True)
class Principal:
    """A caller: its account, and its ARNs (the one of a user; or those of a session and of the session's role)."""

    account: str
    arns: frozenset[str]


@dataclass(frozen=True)
class Principals:
    """A Principal element: everyone, whole accounts, or the ARNs of users, roles and sessions."""

    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, element: object) -> Principals:
        """
        Read the element.

        Raises:
            PolicyError: It is not a principal, or it has a wildcard in an ARN, which AWS does not allow either.
        """
        if element == "*":
            return cls(everyone=True)
        if not isinstance(element, dict) or not element or not element.keys() <= _KINDS:
            raise PolicyError(f"{element!r} is not a principal.")
        named = element.get("AWS", [])
        return cls._of([named] if isinstance(named, str) else named)

    @classmethod
    def _of(cls, named: list[str]) -> Principals:
        accounts = {found[1] for name in named if (found := _ACCOUNT.fullmatch(name))}
        arns = {name for name in named if name != "*" and not _ACCOUNT.fullmatch(name)}
        for arn in arns:
            if "*" in arn or "?" in arn:
                raise PolicyError(f"The principal {arn} has a wildcard.")
        return cls("*" in named, frozenset(accounts), frozenset(arns))

    def names(self, principal: Principal) -> bool:
        """Tell whether the element names the principal by one of its ARNs, or is everyone."""
        return self.everyone or not self.arns.isdisjoint(principal.arns)

    def includes(self, principal: Principal) -> bool:
        """Tell whether the element names the principal, or its account."""
        return self.names(principal) or principal.account in self.accounts
