"""
The condition keys that are known here.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from local.aws.policies import PolicyError

ConditionContext: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values that a request has, by condition key in lower case, because the keys are not case-sensitive."""

MULTIVALUED = frozenset({"aws:tagkeys", "sts:transitivetagkeys"})
_SINGLE_VALUED = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceidentity",
        "aws:tokenissuetime",
        "aws:userid",
        "aws:username",
        "kms:viaservice",
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
    }
)
_FAMILIES = ("aws:principaltag/", "aws:requesttag/")


def check(key: str) -> str:
    """
    Return *key* in lower case, as a `ConditionContext` has it.

    Raises:
        PolicyError: The key is not known here.
    """
    name = key.lower()
    if name in _SINGLE_VALUED or name in MULTIVALUED or any(name.startswith(family) for family in _FAMILIES):
        return name
    raise PolicyError(f"The condition key {key} is not known here.")
