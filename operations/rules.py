"""Check the Rules of a template, as CloudFormation does before it changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def failed_assertions(template: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """
    Return the AssertDescription of each assertion in the *template* that is false.

    *values* holds parameters and pseudo parameters by name. Parameters that are missing in it have their defaults.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    """
    known = _known(template, values)
    rules = template.get("Rules", {}).values()
    applicable = [rule for rule in rules if "RuleCondition" not in rule or _holds(rule["RuleCondition"], known)]
    assertions = [assertion for rule in applicable for assertion in rule["Assertions"]]
    return [assertion["AssertDescription"] for assertion in assertions if not _holds(assertion["Assert"], known)]


def condition_holds(template: Mapping[str, Any], condition: Any, values: Mapping[str, str]) -> bool:
    """Tell whether a *condition* of the *template* that compares parameters holds for *values*."""
    return _holds(condition, _known(template, values))


def _known(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return *values*, and the defaults of the parameters that are missing in it."""
    declared = template.get("Parameters", {})
    return {**{name: each["Default"] for name, each in declared.items() if "Default" in each}, **values}


def _holds(condition: Any, known: Mapping[str, Any]) -> bool:
    ((function, operands),) = condition.items()
    return _FUNCTIONS[function](operands, known)


def _equals(operands: list[Any], known: Mapping[str, Any]) -> bool:
    left, right = (_text(operand, known) for operand in operands)
    return left == right


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
"""The rule-specific functions that compare values; those that look up VPCs and the like are not emulated."""
