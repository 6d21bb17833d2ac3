"""
Decide: what no statement allows is denied, and what one denies is denied whatever the others say.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from local.aws.policies.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Collection

    from local.aws.policies.documents import Statement
    from local.aws.policies.keys import Context
    from local.aws.policies.principals import Principal

UNKNOWN = "?"
"""Stands for a resource where nobody here knows which one AWS would ask about."""


@dataclass(frozen=True)
class Access:
    """What is asked for: an action (`chime:Connect`) on a resource (an ARN, "*" where there is none, or UNKNOWN)."""

    action: str
    resource: str
    context: Context


class Decision(Enum):
    """What statements say to a request; DENIED is said in so many words, NOT_ALLOWED is the lack of a word."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    DENIED = "denied"


def decide(statements: Collection[Statement], access: Access) -> Decision:
    """
    Decide by the statements of an identity's policies, or by those of a trust policy that mean the caller.

    Raises:
        PolicyError: They cannot be evaluated, or the resource is UNKNOWN and they do not treat all alike.
    """
    about = [statement for statement in statements if statement.about(access.action)]
    if access.resource == UNKNOWN and not all(statement.on_everything for statement in about):
        raise PolicyError(f"It is not known here on which resource {access.action} is authorised.")
    applying = [statement for statement in about if statement.applies(access.action, access.resource, access.context)]
    if any(statement.denies for statement in applying):
        return Decision.DENIED
    return Decision.ALLOWED if applying else Decision.NOT_ALLOWED


def decide_on_role(
    held: Collection[Statement],
    trust: Collection[Statement],
    principal: Principal,
    access: Access,
    *,
    both: bool = False,
) -> Decision:
    """
    Decide whether *principal*, which holds the statements *held*, may do this to a role of its own account.

    The trust policy has to allow it. If it names the principal itself, by its ARN or its role's, that is enough; if it
    names the account, the principal's own policies have to allow it too. With *both* they have to in any case.

    Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    ("IAM role trust policies and KMS key policies are exceptions to this logic, because they must explicitly allow
    access for principals") and https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html ("To allow a
    user to assume a role in the same account, you can do either of the following"). That "*" names everyone directly
    is inferred from policies of other resources.

    Raises:
        PolicyError: The policies cannot be evaluated.
    """
    own = decide(held, access)
    meant = [each for each in trust if each.principals and each.principals.include(principal)]
    named = [each for each in meant if each.principals and each.principals.name(principal)]
    trusted, directly = decide(meant, access), decide(named, access)
    if Decision.DENIED in (own, trusted):
        return Decision.DENIED
    enough = own is Decision.ALLOWED or (directly is Decision.ALLOWED and not both)
    return Decision.ALLOWED if trusted is Decision.ALLOWED and enough else Decision.NOT_ALLOWED
