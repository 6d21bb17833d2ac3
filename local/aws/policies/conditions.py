"""
Parse and evaluate the conditions of statements.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.aws.policies import PolicyError, condition_keys
from local.aws.policies.patterns import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.aws.policies.condition_keys import ConditionContext

    Matches = Callable[[Pattern, str, ConditionContext], bool]

_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")


def _date(text: str) -> datetime:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise PolicyError(f"{text} is not a date.") from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise PolicyError(f"{text} is not a number.") from error


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise PolicyError(f"{text} is neither true nor false.")
    return text.lower() == "true"


def _typed(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Matches:
    return lambda pattern, value, _: compare(read(value), read(pattern.text))


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_MATCHES: dict[str, Matches] = {
    "StringEquals": Pattern.equals,
    "StringEqualsIgnoreCase": Pattern.equals_ignoring_case,
    "StringLike": Pattern.like,
    "ArnEquals": Pattern.covers,  # as ArnLike: AWS documents that the two behave identically
    "ArnLike": Pattern.covers,
    "Bool": _typed(_boolean, operator.eq),
    **{f"Numeric{name}": _typed(_number, compare) for name, compare in _ORDER.items()},
    **{f"Date{name}": _typed(_date, compare) for name, compare in _ORDER.items()},
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
_READERS: dict[str, Callable[[str], Any]] = {"Numeric": _number, "Date": _date, "Bool": _boolean, "Null": _boolean}


@dataclass(frozen=True)
class Condition:
    """One operator and one key, with values of which one has to match, or none if the operator is negated."""

    operator: str
    key: str
    values: tuple[Pattern, ...]
    quantifier: str | None = None
    if_exists: bool = False

    def met(self, context: ConditionContext) -> bool:
        """
        Tell whether the request meets the condition.

        Raises:
            PolicyError: A negated operator compares with a variable without a value; AWS does not document that case.
        """
        values = context.get(self.key)
        if self.operator == "Null":
            return any(_boolean(pattern.text) == (not values) for pattern in self.values)
        if not values:
            return self._met_without_value()
        results = [self._holds(value, context) for value in values]
        return any(results) if self.quantifier == "ForAnyValue" else all(results)

    def _met_without_value(self) -> bool:
        if self.quantifier:
            return self.quantifier == "ForAllValues" or self.if_exists
        return self.if_exists or self.operator in _NEGATED

    def _holds(self, value: str, context: ConditionContext) -> bool:
        if self.operator in _NEGATED:
            return not self._matches(_MATCHES[_NEGATED[self.operator]], value, context, must_resolve=True)
        return self._matches(_MATCHES[self.operator], value, context)

    def _matches(self, matches: Matches, value: str, context: ConditionContext, *, must_resolve: bool = False) -> bool:
        for pattern in self.values:
            if must_resolve and not pattern.resolves(context):
                raise PolicyError(
                    f"{self.operator} compares with {pattern.text}, which this request leaves unresolved."
                )
        return any(matches(pattern, value, context) for pattern in self.values)


def parse(block: object, *, variables: bool) -> tuple[Condition, ...]:
    """
    Read a Condition block.

    Raises:
        PolicyError: An operator or a key is not known here, or a value is not of the operator's type.
    """
    return tuple(
        _condition(name, key, values, variables=variables)
        for name, comparisons in _mapping(block, "Condition").items()
        for key, values in _mapping(comparisons, name).items()
    )


def _condition(name: str, key: str, values: object, *, variables: bool) -> Condition:
    quantifier, base, if_exists = _operator(name)
    known = condition_keys.check(key)
    if known in condition_keys.MULTIVALUED and not quantifier and base != "Null":
        raise PolicyError(f"{key} may have several values: {name} needs ForAllValues or ForAnyValue.")
    texts = [_text(value) for value in (values if isinstance(values, list) else [values])]
    if not texts:
        raise PolicyError(f"{name} has no value to compare {key} with.")
    for prefix, read in _READERS.items():
        if base.startswith(prefix):
            for text in texts:
                read(text)
    with_variables = variables and base.startswith(("String", "Arn"))
    patterns = tuple(Pattern(text, with_variables) for text in texts)
    return Condition(base, known, patterns, quantifier, if_exists)


def _operator(name: str) -> tuple[str | None, str, bool]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise PolicyError(f"{name} is not a condition operator.")
    quantifier, base, if_exists = found.groups()
    if base not in _MATCHES and base not in _NEGATED and (base != "Null" or quantifier or if_exists):
        raise PolicyError(f"The condition operator {name} is not known here.")
    return quantifier, base, if_exists is not None


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError(f"{name} has to be an object.")
    return value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise PolicyError(f"{value!r} cannot be compared with a value of the request.")
