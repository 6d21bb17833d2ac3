"""
Decide whether statements allow an action: a Deny that applies wins; without an Allow that applies, it is denied too.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from local.aws.policies import PolicyError

if TYPE_CHECKING:
    from collections.abc import Collection

    from local.aws.policies.condition_keys import ConditionContext
    from local.aws.policies.documents import Statement
    from local.aws.policies.principals import Principal

UNKNOWN = "?"
"""In place of a resource, where it is not known which one AWS asks for."""


@dataclass(frozen=True)
class Access:
    """What is to be decided: an action (`chime:Connect`) on a resource (an ARN, "*" if it has none, or UNKNOWN)."""

    action: str
    resource: str
    context: ConditionContext


class Decision(Enum):
    """What statements decide: EXPLICIT_DENY if a Deny applies, IMPLICIT_DENY if neither a Deny nor an Allow does."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicit deny"
    EXPLICIT_DENY = "explicit deny"


def decide(statements: Collection[Statement], access: Access) -> Decision:
    """
    Decide by the statements of identity-based policies, or by those of a trust policy whose principal is the caller.

    Raises:
        PolicyError: A statement cannot be evaluated; or the resource is UNKNOWN, and a statement is not about all.
    """
    matching = [each for each in statements if each.matches_action(access.action)]
    if access.resource == UNKNOWN and not all(each.on_all_resources for each in matching):
        raise PolicyError(f"It is not known here on which resource {access.action} is authorised.")
    applying = [
        statement for statement in matching if statement.applies(access.action, access.resource, access.context)
    ]
    if any(each.denies for each in applying):
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if applying else Decision.IMPLICIT_DENY


def decide_on_role(
    own: Collection[Statement],
    trust: Collection[Statement],
    principal: Principal,
    access: Access,
    *,
    own_required: bool = False,
) -> Decision:
    """
    Decide whether *principal*, whose own policies have the statements *own*, may do this to a role of its own account.

    The role's trust policy has to allow it. That is enough if it names the principal by its ARN or its role's ARN. If
    it names the account, the principal's own policies have to allow it too, and with *own_required* in any case.

    Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    ("IAM role trust policies and KMS key policies are exceptions to this logic, because they must explicitly allow
    access for principals") and https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html ("To allow a
    user to assume a role in the same account, you can do either of the following"). That "*" counts as naming each
    principal by its ARN is inferred from the policies of other resources.

    Raises:
        PolicyError: A statement cannot be evaluated.
    """
    including = [each for each in trust if each.principals and each.principals.includes(principal)]
    naming = [each for each in including if each.principals and each.principals.names(principal)]
    by_own, by_trust, by_name = decide(own, access), decide(including, access), decide(naming, access)
    if Decision.EXPLICIT_DENY in (by_own, by_trust):
        return Decision.EXPLICIT_DENY
    sufficient = by_own is Decision.ALLOWED or (by_name is Decision.ALLOWED and not own_required)
    return Decision.ALLOWED if by_trust is Decision.ALLOWED and sufficient else Decision.IMPLICIT_DENY


def decide_on_resource(
    own: Collection[Statement], of_resource: Collection[Statement], principal: Principal, access: Access
) -> tuple[Decision, bool]:
    """
    Decide whether *principal* may do this to a resource of its own account that has the statements *of_resource*.

    It is enough that one side allows it: the principal's *own* policies, or the resource's, if that names the principal
    by its ARN or its role's ARN, or names everybody. A statement that names the account allows nothing by itself.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
    ("If either the identity-based policy or the resource-based policy within the same account allows the request and
    the other doesn't, the request is still allowed."). For a session whose role is named, permissions boundaries and
    session policies limit that; there are none here.

    Returns:
        The decision, and whether it is an explicit deny of the resource's policy.

    Raises:
        PolicyError: A statement cannot be evaluated.
    """
    including = [each for each in of_resource if each.principals and each.principals.includes(principal)]
    naming = [each for each in including if each.principals and each.principals.names(principal)]
    by_own, by_resource, by_name = decide(own, access), decide(including, access), decide(naming, access)
    if Decision.EXPLICIT_DENY in (by_own, by_resource):
        return Decision.EXPLICIT_DENY, by_own is not Decision.EXPLICIT_DENY
    return (Decision.ALLOWED if Decision.ALLOWED in (by_own, by_name) else Decision.IMPLICIT_DENY), False
