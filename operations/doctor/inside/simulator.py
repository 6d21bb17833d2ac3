"""
Ask IAM's policy simulator what a role may do.

It judges the role's own policies, its permissions boundary and those policies of the organisation that have no
conditions. It judges no trust policy ("Simulation of resource-based policies isn't supported for IAM roles") and no
policy of a session, and what a channel lets its members do is Chime's matter. Of a session it knows what it is told:
without a value for `aws:PrincipalTag/UserUUID` everything that is pinned to a user is denied. Sources:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALLOWED, EXPLICIT_DENY = "allowed", "explicitDeny"


@dataclass(frozen=True)
class SimulatedDecision:
    """What IAM decides: `allowed`, `implicitDeny` or `explicitDeny`; and by what, if it says so."""

    word: str
    by: str = ""

    @property
    def is_allowed(self) -> bool:
        """Tell whether the action is allowed."""
        return self.word == ALLOWED

    def __str__(self) -> str:
        """Return it as a phrase."""
        phrase = {ALLOWED: "allowed", EXPLICIT_DENY: "denied by a Deny"}.get(self.word, "not allowed")
        return f"{phrase}{f' ({self.by})' if self.by else ''}"


Decisions = dict[tuple[str, str], SimulatedDecision]
"""By action and resource."""


def simulate(
    iam: Any, role_arn: str, actions: Iterable[str], resources: Iterable[str], context: Mapping[str, str] | None = None
) -> Decisions:
    """Return what the role may do: each of *actions* on each of *resources*, with *context* by condition key."""
    actions, resources = list(actions), list(resources)
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in (context or {}).items()
    ]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role_arn, ActionNames=actions, ResourceArns=resources, ContextEntries=entries
    )
    said = {pair: decision for page in pages for each in page["EvaluationResults"] for pair, decision in _read(each)}
    unsaid = SimulatedDecision("implicitDeny", "IAM has not said")
    return {(action, each): said.get((action, each), unsaid) for action in actions for each in resources}


def _read(result: Mapping[str, Any]) -> list[tuple[tuple[str, str], SimulatedDecision]]:
    """Return the decision on each resource. Before 2026 there was a result for each, and now they are within one."""
    action, by = result["EvalActionName"], _by(result)
    within = result.get("ResourceSpecificResults") or []
    if not within:
        return [((action, result["EvalResourceName"]), SimulatedDecision(result["EvalDecision"], by))]
    return [
        ((action, each["EvalResourceName"]), SimulatedDecision(each["EvalResourceDecision"], by or _by(each)))
        for each in within
    ]


def _by(result: Mapping[str, Any]) -> str:
    if result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        return "the organisation's policies do not allow it"
    if result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary") is False:
        return "the role's permissions boundary does not allow it"
    return ""
