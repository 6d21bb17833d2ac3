"""Check parameters against their constraints, as CloudFormation does before it changes anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def constraint_violations(parameters: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """
    Return a sentence for each of *values* that violates a constraint of the template's *parameters*; both are by name.

    Each member of a list is checked. A sentence does not contain a secret value (NoEcho).
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    return [
        _sentence(name, parameters[name], value)
        for name, value in values.items()
        if name in parameters and not _holds(parameters[name], value)
    ]


def _holds(declared: Mapping[str, Any], value: str) -> bool:
    kind = declared["Type"]
    members = value.split(",") if kind == "CommaDelimitedList" or kind.startswith("List<") else [value]
    if kind in ("Number", "List<Number>") and not all(NUMBER.fullmatch(member) for member in members):
        return False
    return all(
        _CONSTRAINTS[name](bound, member)
        for name, bound in declared.items()
        if name in _CONSTRAINTS
        for member in members
    )


def _sentence(name: str, declared: Mapping[str, Any], value: str) -> str:
    shown = "" if declared.get("NoEcho") else f", which is {value!r},"
    if "ConstraintDescription" in declared:
        return f"The parameter {name}{shown} {declared['ConstraintDescription']}."
    constraints = {"Type": declared["Type"], **declared}
    bounds = [f"{key} {_bound(bound)}" for key, bound in constraints.items() if key in _SHOWN]
    return f"The parameter {name}{shown} does not fit {', '.join(bounds)}."


def _bound(bound: Any) -> str:
    return ", ".join(repr(str(item)) for item in bound) if isinstance(bound, list) else str(bound)


_SHOWN = {"Type", "AllowedPattern", "AllowedValues", "MaxLength", "MaxValue", "MinLength", "MinValue"}
_CONSTRAINTS: dict[str, Callable[[Any, str], bool]] = {
    # The whole value must match, also if the pattern has no ^ and $.
    "AllowedPattern": lambda pattern, value: re.fullmatch(pattern, value) is not None,
    "AllowedValues": lambda allowed, value: value in [str(item) for item in allowed],
    "MaxLength": lambda maximum, value: len(value) <= int(maximum),
    "MaxValue": lambda maximum, value: float(value) <= float(maximum),
    "MinLength": lambda minimum, value: len(value) >= int(minimum),
    "MinValue": lambda minimum, value: float(value) >= float(minimum),
}
