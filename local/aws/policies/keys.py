"""
Know the condition keys.

A context has the values of the keys that a request has, by name in lower case: the names are not case-sensitive.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from local.aws.policies.errors import PolicyError

Context: TypeAlias = Mapping[str, tuple[str, ...]]

MULTIVALUED = frozenset({"aws:tagkeys", "sts:transitivetagkeys"})
_SINGLE = frozenset(
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
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
    }
)
_FAMILIES = ("aws:principaltag/", "aws:requesttag/")


def check(key: str) -> str:
    """
    Return *key* as a context has it.

    Raises:
        PolicyError: Nobody here knows the values of that key.
    """
    name = key.lower()
    if name in _SINGLE or name in MULTIVALUED or any(name.startswith(family) for family in _FAMILIES):
        return name
    raise PolicyError(f"The condition key {key} is not known here.")
