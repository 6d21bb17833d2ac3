"""
Answer SimulatePrincipalPolicy and SimulateCustomPolicy as IAM does, which moto lacks, by our own evaluator.

Like IAM's simulator it judges identity-based policies, for the context that the request gives, and no trust policies.
What it does not play (boundaries, policies of resources and of organisations, more than one page) is NotImplemented.
Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html and, there,
API_EvaluationResult.html (one result for each action).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.iam import urls
from moto.iam.responses import IamResponse

from local.aws import identities
from local.aws.errors import AwsError, QueryError
from local.aws.identity_policies import statements_of
from local.aws.policies import PolicyError, documents
from local.aws.policies.evaluation import Access, Decision, decide

if TYPE_CHECKING:
    from collections.abc import Collection

    from local.aws.policies.condition_keys import ConditionContext
    from local.aws.policies.documents import Statement

_PATH = "{0}/$"
_STRICTEST_FIRST = {
    Decision.EXPLICIT_DENY: "explicitDeny",
    Decision.IMPLICIT_DENY: "implicitDeny",
    Decision.ALLOWED: "allowed",
}
_NOT_PLAYED = (
    "PermissionsBoundaryPolicyInputList",
    "OrderedOrganizationPolicyInputList",
    "PolicyExclusionList",
    "ResourcePolicy",
    "ResourceOwner",
    "CallerArn",
    "ResourceHandlingOption",
    "MaxItems",
    "Marker",
)


class IamResponseWithSimulation(IamResponse):
    """moto's IAM with the simulator."""

    def simulate_principal_policy(self) -> ActionResult:
        """
        Judge the actions by the policies of a role, and by those that the request adds.

        Raises:
            QueryError: NoSuchEntity, or NotImplemented.
        """
        parameters: dict[str, Any] = self._get_params()
        role = identities.find_role(parameters["PolicySourceArn"])
        if role is None:
            raise _error("NoSuchEntity", f"The entity {parameters['PolicySourceArn']} cannot be found.", 404)
        return _simulated(parameters, [role])

    def simulate_custom_policy(self) -> ActionResult:
        """
        Judge the actions by the policies of the request alone.

        Raises:
            QueryError: NotImplemented.
        """
        return _simulated(self._get_params(), [])


def install() -> None:
    """Let moto route requests for IAM to this class."""
    urls.url_paths[_PATH] = IamResponseWithSimulation.dispatch


def uninstall() -> None:
    """Let moto route requests for IAM to its own class again."""
    urls.url_paths[_PATH] = IamResponse.dispatch


def _simulated(parameters: dict[str, Any], holders: list[Any]) -> ActionResult:
    for name in _NOT_PLAYED:
        if parameters.get(name):
            raise _error("NotImplemented", f"{name} is not available on the local stack.", 501)
    context = _context(parameters.get("ContextEntries") or [])
    try:
        statements = list(statements_of(holders))
        for text in parameters.get("PolicyInputList") or []:
            statements += documents.parse(text)
        resources = parameters.get("ResourceArns") or ["*"]
        results = [_result(statements, action, resources, context) for action in parameters["ActionNames"]]
    except PolicyError as error:
        raise _error("NotImplemented", f"The local AWS cannot evaluate the policies: {error}", 501) from error
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _result(
    statements: Collection[Statement], action: str, resources: list[str], context: ConditionContext
) -> dict[str, Any]:
    """Return one result for an action, with the strictest decision, and the decision on each resource in it."""
    decisions = {resource: decide(statements, Access(action, resource, context)) for resource in resources}
    return {
        "EvalActionName": action,
        "EvalResourceName": resources[0],
        "EvalDecision": next(name for decision, name in _STRICTEST_FIRST.items() if decision in decisions.values()),
        "MatchedStatements": [],
        "MissingContextValues": [],
        "ResourceSpecificResults": [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": _STRICTEST_FIRST[decision],
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            for resource, decision in decisions.items()
        ],
    }


def _context(entries: list[dict[str, Any]]) -> ConditionContext:
    return {entry["ContextKeyName"].lower(): tuple(entry.get("ContextKeyValues") or ()) for entry in entries}


def _error(code: str, message: str, status: int) -> QueryError:
    return QueryError(AwsError(code, message), status, get_service_model("iam").metadata["xmlNamespace"])
