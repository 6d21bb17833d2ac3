"""Hold parameters against their own constraints, as CloudFormation does before it changes anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def constraint_violations(parameters: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """
    Return a sentence for each of *values*, by its name, that breaks a constraint of the template's *parameters*.

    Of a list each member is held against them. A value that is secret (NoEcho) is not told.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    return [
        _sentence(name, parameters[name], value)
        for name, value in values.items()
        if name in parameters and not _holds(parameters[name], value)
    ]


def _holds(said: Mapping[str, Any], value: str) -> bool:
    kind = said["Type"]
    members = value.split(",") if kind == "CommaDelimitedList" or kind.startswith("List<") else [value]
    if kind in ("Number", "List<Number>") and not all(NUMBER.fullmatch(member) for member in members):
        return False
    return all(
        _CONSTRAINTS[name](bound, member) for name, bound in said.items() if name in _CONSTRAINTS for member in members
    )


def _sentence(name: str, said: Mapping[str, Any], value: str) -> str:
    shown = "" if said.get("NoEcho") else f", which is {value!r},"
    if "ConstraintDescription" in said:
        return f"The parameter {name}{shown} {said['ConstraintDescription']}."
    bounds = [f"{key} {_bound(bound)}" for key, bound in {"Type": said["Type"], **said}.items() if key in _TOLD]
    return f"The parameter {name}{shown} does not fit {', '.join(bounds)}."


def _bound(bound: Any) -> str:
    return ", ".join(repr(str(one)) for one in bound) if isinstance(bound, list) else str(bound)


_TOLD = {"Type", "AllowedPattern", "AllowedValues", "MaxLength", "MaxValue", "MinLength", "MinValue"}
_CONSTRAINTS: dict[str, Callable[[Any, str], bool]] = {
    # The whole value has to match, whether or not the pattern says ^ and $.
    "AllowedPattern": lambda pattern, value: re.fullmatch(pattern, value) is not None,
    "AllowedValues": lambda allowed, value: value in [str(one) for one in allowed],
    "MaxLength": lambda most, value: len(value) <= int(most),
    "MaxValue": lambda most, value: float(value) <= float(most),
    "MinLength": lambda least, value: len(value) >= int(least),
    "MinValue": lambda least, value: float(value) >= float(least),
}
