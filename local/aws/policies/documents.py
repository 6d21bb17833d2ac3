"""Parse policy documents. What is not understood is an error, and never ignored."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.aws.policies import PolicyError, conditions
from local.aws.policies.patterns import Pattern, action_matches
from local.aws.policies.principals import Principals

if TYPE_CHECKING:
    from local.aws.policies.condition_keys import ConditionContext
    from local.aws.policies.conditions import Condition

VERSIONS = ("2012-10-17", "2008-10-17")
"""The first has policy variables, the second has none and is the version of a document that names no version."""

_COMMON_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Condition"})
_IDENTITY_ELEMENTS = _COMMON_ELEMENTS | {"Resource", "NotResource"}
_TRUST_ELEMENTS = _COMMON_ELEMENTS | {"Principal"}
_BUCKET_ELEMENTS = _IDENTITY_ELEMENTS | {"Principal"}


@dataclass(frozen=True)
class Statement:
    """A statement: of a resource's policy if it has `principals`, else of an identity-based policy."""

    denies: bool
    actions: tuple[str, ...]
    resources: tuple[Pattern, ...]
    conditions: tuple[Condition, ...]
    all_but_actions: bool = False
    all_but_resources: bool = False
    principals: Principals | None = None

    @property
    def on_all_resources(self) -> bool:
        """Tell whether the statement is about all resources."""
        return not self.all_but_resources and any(pattern.text == "*" for pattern in self.resources)

    def matches_action(self, action: str) -> bool:
        """Tell whether the statement is about *action*."""
        return any(action_matches(pattern, action) for pattern in self.actions) != self.all_but_actions

    def applies(self, action: str, resource: str, context: ConditionContext) -> bool:
        """
        Tell whether the statement applies to this action on this resource.

        Raises:
            PolicyError: It cannot be evaluated.
        """
        return (
            self.matches_action(action)
            and self._matches_resource(resource, context)
            and all(condition.met(context) for condition in self.conditions)
        )

    def _matches_resource(self, resource: str, context: ConditionContext) -> bool:
        if self.all_but_resources:
            for pattern in self.resources:
                if not pattern.resolves(context):
                    raise PolicyError(f"NotResource has {pattern.text}, which this request leaves unresolved.")
        return any(pattern.covers(resource, context) for pattern in self.resources) != self.all_but_resources


@functools.lru_cache(maxsize=1024)
def parse(text: str, *, of_resource: bool = False) -> tuple[Statement, ...]:
    """
    Return the statements of an identity-based policy, or of a role's trust policy (*of_resource*).

    Raises:
        PolicyError: The document is not valid, or has something that is not understood here, such as NotPrincipal.
    """
    return _parse(text, _TRUST_ELEMENTS if of_resource else _IDENTITY_ELEMENTS)


@functools.lru_cache(maxsize=64)
def parse_bucket_policy(text: str) -> tuple[Statement, ...]:
    """
    Return the statements of the policy of a bucket in S3.

    Raises:
        PolicyError: As `parse`.
    """
    return _parse(text, _BUCKET_ELEMENTS)


def _parse(text: str, known: frozenset[str]) -> tuple[Statement, ...]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError("A policy is not valid JSON.") from error
    if not isinstance(document, dict) or not document.keys() <= {"Version", "Id", "Statement"}:
        raise PolicyError("A policy has to be an object with Version, Id and Statement.")
    version = document.get("Version", VERSIONS[1])
    if version not in VERSIONS:
        raise PolicyError(f"There is no policy version {version}.")
    statements = _list(document.get("Statement", []))
    return tuple(_statement(each, known, variables=version == VERSIONS[0]) for each in statements)


def _statement(statement: object, known: frozenset[str], *, variables: bool) -> Statement:
    if not isinstance(statement, dict) or not statement.keys() <= known:
        unknown = sorted(statement.keys() - known) if isinstance(statement, dict) else statement
        raise PolicyError(f"A statement has elements that are not understood here: {unknown}.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("A statement's Effect has to be Allow or Deny.")
    actions, all_but_actions = _either(statement, "Action", "NotAction")
    names_resources = "Resource" in known
    resources, all_but_resources = _either(statement, "Resource", "NotResource") if names_resources else (["*"], False)
    return Statement(
        denies=statement["Effect"] == "Deny",
        actions=tuple(actions),
        resources=tuple(Pattern(text, variables) for text in resources),
        conditions=conditions.parse(statement.get("Condition", {}), variables=variables),
        all_but_actions=all_but_actions,
        all_but_resources=all_but_resources,
        principals=Principals.parse(statement.get("Principal")) if "Principal" in known else None,
    )


def _either(statement: dict[str, Any], name: str, negation: str) -> tuple[list[str], bool]:
    if (name in statement) == (negation in statement):
        raise PolicyError(f"A statement needs either {name} or {negation}.")
    negated = negation in statement
    values = _list(statement[negation if negated else name])
    if not values or not all(isinstance(value, str) for value in values):
        raise PolicyError(f"{negation if negated else name} has to be a string or a list of them.")
    return values, negated


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
