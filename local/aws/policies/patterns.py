"""
Match the patterns of policies: wildcards and policy variables.

A wildcard in the value of a variable is an ordinary character, and so is one that is written `${*}` or `${?}`. A
pattern with a variable that has no value in the request is unresolved, and matches nothing. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.aws.policies import PolicyError, condition_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws.policies.condition_keys import ConditionContext

_TOKEN = re.compile(r"\$\{(?P<variable>[^{}]*)\}|(?P<wildcard>[*?])|(?P<colon>:)|(?P<text>[^*?:$]+|\$)")
_SPECIAL = frozenset("*?$")
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?")
_ANY = {"*": ".*", "?": "."}
_WITHIN_PART = {"*": "[^:]*", "?": "[^:]"}
_ARN_COLONS = 5
"""After the fifth colon comes an ARN's last part, the resource, which may have colons in it."""

_Parts = list[tuple[str, str]]
"""Pairs of a kind (wildcard, colon or text) and the characters."""


@dataclass(frozen=True)
class Pattern:
    """A string of a policy; with *variables*, `${…}` is replaced by a value of the request."""

    text: str
    variables: bool = True

    def __post_init__(self) -> None:
        """
        Check the variables.

        Raises:
            PolicyError: A variable is not known here.
        """
        for name in _names(self.text) if self.variables else ():
            _key(name)

    def resolves(self, context: ConditionContext) -> bool:
        """Tell whether the request has a value for each variable."""
        return self._parts(context) is not None

    def equals(self, value: str, context: ConditionContext) -> bool:
        """Compare exactly; a wildcard is an ordinary character."""
        parts = self._parts(context)
        return parts is not None and "".join(text for _, text in parts) == value

    def equals_ignoring_case(self, value: str, context: ConditionContext) -> bool:
        """Compare without regard to case; a wildcard is an ordinary character."""
        parts = self._parts(context)
        return parts is not None and "".join(text for _, text in parts).casefold() == value.casefold()

    def like(self, value: str, context: ConditionContext) -> bool:
        """Match: `*` stands for any number of characters, `?` for one."""
        parts = self._parts(context)
        if parts is None:
            return False
        expression = "".join(_ANY[text] if kind == "wildcard" else re.escape(text) for kind, text in parts)
        return re.fullmatch(expression, value, re.DOTALL) is not None

    def covers(self, arn: str, context: ConditionContext) -> bool:
        """
        Match an ARN part by part: a wildcard matches no colon.

        It does match colons in the ARN's last part, and as a `*` at the pattern's end. Source:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.
        """
        parts = self._parts(context)
        return parts is not None and re.fullmatch(_arn_expression(parts), arn, re.DOTALL) is not None

    def _parts(self, context: ConditionContext) -> _Parts | None:
        """Return the pattern's parts, with the values of its variables as text, or None if a variable has no value."""
        found: _Parts = []
        for kind, text in _tokens(self.text):
            if kind != "variable":
                found.append((kind, text))
                continue
            value = _value(text, context) if self.variables else f"${{{text}}}"
            if value is None:
                return None
            found.append(("text", value))
        return found


def action_matches(pattern: str, action: str) -> bool:
    """Match an action such as `chime:Connect`, without regard to case; actions have no variables."""
    return Pattern(pattern.lower(), variables=False).like(action.lower(), {})


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        yield kind, found[kind]


def _arn_expression(parts: _Parts) -> str:
    expression, colons = "", 0
    for number, (kind, text) in enumerate(parts, start=1):
        colons += kind == "colon"
        if kind != "wildcard":
            expression += re.escape(text)
        elif colons >= _ARN_COLONS or (number == len(parts) and text == "*"):
            expression += _ANY[text]
        else:
            expression += _WITHIN_PART[text]
    return expression


def _names(text: str) -> list[str]:
    return [part for kind, part in _tokens(text) if kind == "variable" and part not in _SPECIAL]


def _key(variable: str) -> tuple[str, str | None]:
    found = _DEFAULT.fullmatch(variable)
    if found is None:
        raise PolicyError(f"${{{variable}}} is not a policy variable.")
    key = condition_keys.check(found[1])
    if key in condition_keys.MULTIVALUED:
        raise PolicyError(f"{found[1]} may have several values and is not a policy variable.")
    return key, found[2]


def _value(variable: str, context: ConditionContext) -> str | None:
    if variable in _SPECIAL:
        return variable
    key, default = _key(variable)
    return context[key][0] if context.get(key) else default
