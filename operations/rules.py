"""Hold a template's Rules against its parameters, as CloudFormation does before it changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def failed_assertions(template: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """
    Return what the *template* says of each of its assertions that does not hold.

    *values* has the parameters and pseudo parameters by name; parameters that are not in it have their defaults.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    """
    defaults = {name: said["Default"] for name, said in template.get("Parameters", {}).items() if "Default" in said}
    known = {**defaults, **values}
    rules = template.get("Rules", {}).values()
    asked = [rule for rule in rules if "RuleCondition" not in rule or _holds(rule["RuleCondition"], known)]
    assertions = [assertion for rule in asked for assertion in rule["Assertions"]]
    return [said["AssertDescription"] for said in assertions if not _holds(said["Assert"], known)]


def _holds(condition: Any, known: Mapping[str, Any]) -> bool:
    ((function, operands),) = condition.items()
    return _FUNCTIONS[function](operands, known)


def _equals(operands: list[Any], known: Mapping[str, Any]) -> bool:
    one, other = (_text(operand, known) for operand in operands)
    return one == other


def _contains(operands: list[Any], known: Mapping[str, Any]) -> bool:
    values, wanted = operands
    return _text(wanted, known) in [_text(value, known) for value in values]


def _text(operand: Any, known: Mapping[str, Any]) -> str:
    return str(known[operand["Ref"]] if isinstance(operand, dict) else operand)


_FUNCTIONS: dict[str, Callable[[Any, Mapping[str, Any]], bool]] = {
    "Fn::And": lambda operands, known: all(_holds(operand, known) for operand in operands),
    "Fn::Contains": _contains,
    "Fn::Equals": _equals,
    "Fn::Not": lambda operands, known: not _holds(operands[0], known),
    "Fn::Or": lambda operands, known: any(_holds(operand, known) for operand in operands),
}
"""Those of the functions for rules that compare one value with another."""
