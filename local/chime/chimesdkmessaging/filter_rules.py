"""
Filter rules: for which messages a member wants push notifications.

Source: https://docs.aws.amazon.com/chime-sdk/latest/dg/filter-msgs.html. Nothing is pushed here, so a rule is only
checked. What AWS answers to a rule that breaks a limit is inferred: BadRequestException.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..chimesdkidentity.exceptions import BadRequestError  # noqa: TID252 - relative, both are imported below `moto`

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE_BYTES = 2048
OR_LIMIT = 5
"""Constraints in an OR."""
COMPLEXITY = 20
"""The number of keys and values in a rule. The keys `$or` and `anything-but` are not counted, as in the guide."""


def check_filter_rule(text: str) -> None:
    """
    Return if *text* is a filter rule.

    Raises:
        BadRequestError: It is not JSON, not made of exact matches, or breaks a limit.
    """
    if len(text.encode()) > RULE_BYTES:
        raise BadRequestError(f"A FilterRule has {RULE_BYTES} bytes at most.")
    try:
        counted = list(_keys_and_values(json.loads(text)))
    except (ValueError, RecursionError) as error:
        raise BadRequestError("The FilterRule is not a JSON object of exact matches.") from error
    if len(counted) > COMPLEXITY:
        raise BadRequestError(f"A FilterRule has {COMPLEXITY} keys and values at most.")


def _keys_and_values(rule: Any) -> Iterator[str]:
    """Yield the keys and values of a rule; raise ValueError if it is none."""
    if not isinstance(rule, dict) or not rule:
        raise ValueError("no object")
    for key, matches in rule.items():
        if not isinstance(matches, list) or not matches:
            raise ValueError("no list of matches")
        if key == "$or":
            yield from _alternatives(matches)
        else:
            yield key
            yield from _values(matches)


def _alternatives(rules: list[Any]) -> Iterator[str]:
    if len(rules) > OR_LIMIT:
        raise BadRequestError(f"An OR in a FilterRule has {OR_LIMIT} constraints at most.")
    for rule in rules:
        yield from _keys_and_values(rule)


def _values(matches: list[Any]) -> Iterator[str]:
    for match in matches:
        values = match.get("anything-but") if isinstance(match, dict) and len(match) == 1 else [match]
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise ValueError("no exact match")
        yield from values
