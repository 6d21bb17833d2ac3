"""
Match the patterns of policies: wildcards and policy variables.

Wildcards in a variable's value mean themselves, and so do those written `${*}` and `${?}`. A variable that the request
has no value for leaves the pattern unresolved, and that matches nothing. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.aws.policies import keys
from local.aws.policies.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws.policies.keys import Context

_TOKEN = re.compile(r"\$\{(?P<variable>[^{}]*)\}|(?P<wildcard>[*?])|(?P<colon>:)|(?P<text>[^*?:$]+|\$)")
_SPECIAL = frozenset("*?$")
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?")
_ANY = {"*": ".*", "?": "."}
_WITHIN = {"*": "[^:]*", "?": "[^:]"}
_ARN_COLONS = 5
"""The sixth part of an ARN, the resource, may hold further colons."""

_Parts = list[tuple[str, str]]
"""Each a kind (wildcard, colon or text) and what stands there."""


@dataclass(frozen=True)
class Pattern:
    """A string of a policy; with *variables*, `${…}` stands for a value of the request."""

    text: str
    variables: bool = True

    def __post_init__(self) -> None:
        """
        Look at the variables.

        Raises:
            PolicyError: One of them is not known here.
        """
        for name in _names(self.text) if self.variables else ():
            _key(name)

    def resolves(self, context: Context) -> bool:
        """Tell whether the request has a value for each variable."""
        return self._parts(context) is not None

    def equals(self, value: str, context: Context) -> bool:
        """Compare letter for letter; wildcards mean themselves."""
        parts = self._parts(context)
        return parts is not None and "".join(text for _, text in parts) == value

    def equals_ignoring_case(self, value: str, context: Context) -> bool:
        """Compare, taking upper and lower case for the same."""
        parts = self._parts(context)
        return parts is not None and "".join(text for _, text in parts).casefold() == value.casefold()

    def like(self, value: str, context: Context) -> bool:
        """Match with `*` for any characters and `?` for one."""
        parts = self._parts(context)
        if parts is None:
            return False
        expression = "".join(_ANY[text] if kind == "wildcard" else re.escape(text) for kind, text in parts)
        return re.fullmatch(expression, value, re.DOTALL) is not None

    def covers(self, arn: str, context: Context) -> bool:
        """
        Match an ARN: part by part, so that a wildcard stays between its colons.

        In the last part, and at the pattern's end, `*` goes beyond them. Source:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.
        """
        parts = self._parts(context)
        return parts is not None and re.fullmatch(_arn_expression(parts), arn, re.DOTALL) is not None

    def _parts(self, context: Context) -> _Parts | None:
        """Return the pattern in parts, each variable replaced by its value as text, or None if one has no value."""
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
    """Match an action such as `chime:Connect`: case does not matter, and there are no variables."""
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
            expression += _WITHIN[text]
    return expression


def _names(text: str) -> list[str]:
    return [part for kind, part in _tokens(text) if kind == "variable" and part not in _SPECIAL]


def _key(variable: str) -> tuple[str, str | None]:
    found = _DEFAULT.fullmatch(variable)
    if found is None:
        raise PolicyError(f"${{{variable}}} is no policy variable.")
    key = keys.check(found[1])
    if key in keys.MULTIVALUED:
        raise PolicyError(f"{found[1]} may have several values and is no policy variable.")
    return key, found[2]


def _value(variable: str, context: Context) -> str | None:
    if variable in _SPECIAL:
        return variable
    key, default = _key(variable)
    return context[key][0] if context.get(key) else default
