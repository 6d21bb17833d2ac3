"""Read policy documents, strictly: what is not understood is an error, not left out."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.aws.policies import conditions
from local.aws.policies.errors import PolicyError
from local.aws.policies.patterns import Pattern, action_matches
from local.aws.policies.principals import Principals

if TYPE_CHECKING:
    from local.aws.policies.conditions import Condition
    from local.aws.policies.keys import Context

VERSIONS = ("2012-10-17", "2008-10-17")
"""The first knows variables; a document without a version is of the second."""

_ALWAYS = frozenset({"Sid", "Effect", "Action", "NotAction", "Condition"})
_OF_IDENTITIES = _ALWAYS | {"Resource", "NotResource"}
_OF_RESOURCES = _ALWAYS | {"Principal"}


@dataclass(frozen=True)
class Statement:
    """One statement; with `principals` it is of a role's trust policy, else of an identity's."""

    denies: bool
    actions: tuple[str, ...]
    resources: tuple[Pattern, ...]
    conditions: tuple[Condition, ...]
    all_but_actions: bool = False
    all_but_resources: bool = False
    principals: Principals | None = None

    @property
    def on_everything(self) -> bool:
        """Tell whether the statement is about every resource."""
        return not self.all_but_resources and any(pattern.text == "*" for pattern in self.resources)

    def about(self, action: str) -> bool:
        """Tell whether the statement is about *action*."""
        return any(action_matches(pattern, action) for pattern in self.actions) != self.all_but_actions

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """
        Tell whether the statement is about this request.

        Raises:
            PolicyError: That cannot be told.
        """
        return (
            self.about(action)
            and self._is_on(resource, context)
            and all(condition.met(context) for condition in self.conditions)
        )

    def _is_on(self, resource: str, context: Context) -> bool:
        if self.all_but_resources:
            for pattern in self.resources:
                if not pattern.resolves(context):
                    raise PolicyError(f"NotResource has {pattern.text}, which this request leaves unresolved.")
        return any(pattern.covers(resource, context) for pattern in self.resources) != self.all_but_resources


@functools.lru_cache(maxsize=1024)
def parse(text: str, *, of_resource: bool = False) -> tuple[Statement, ...]:
    """
    Return the statements of an identity's policy, or of a role's trust policy (*of_resource*).

    Raises:
        PolicyError: The document is no valid one, or says what is not understood here (NotPrincipal is such).
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError("A policy is no JSON.") from error
    if not isinstance(document, dict) or not document.keys() <= {"Version", "Id", "Statement"}:
        raise PolicyError("A policy has to be an object with Version, Id and Statement.")
    version = document.get("Version", VERSIONS[1])
    if version not in VERSIONS:
        raise PolicyError(f"There is no policy language of version {version}.")
    statements = _list(document.get("Statement", []))
    return tuple(_statement(each, of_resource=of_resource, variables=version == VERSIONS[0]) for each in statements)


def _statement(said: object, *, of_resource: bool, variables: bool) -> Statement:
    known = _OF_RESOURCES if of_resource else _OF_IDENTITIES
    if not isinstance(said, dict) or not said.keys() <= known:
        unknown = sorted(said.keys() - known) if isinstance(said, dict) else said
        raise PolicyError(f"A statement has what is not understood here: {unknown}.")
    if said.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("A statement's Effect has to be Allow or Deny.")
    actions, all_but_actions = _either(said, "Action", "NotAction")
    resources, all_but_resources = (["*"], False) if of_resource else _either(said, "Resource", "NotResource")
    return Statement(
        denies=said["Effect"] == "Deny",
        actions=tuple(actions),
        resources=tuple(Pattern(text, variables) for text in resources),
        conditions=conditions.parse(said.get("Condition", {}), variables=variables),
        all_but_actions=all_but_actions,
        all_but_resources=all_but_resources,
        principals=Principals.parse(said.get("Principal")) if of_resource else None,
    )


def _either(said: dict[str, Any], name: str, negation: str) -> tuple[list[str], bool]:
    if (name in said) == (negation in said):
        raise PolicyError(f"A statement needs either {name} or {negation}.")
    negated = negation in said
    values = _list(said[negation if negated else name])
    if not values or not all(isinstance(value, str) for value in values):
        raise PolicyError(f"{negation if negated else name} has to be a string or a list of them.")
    return values, negated


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
