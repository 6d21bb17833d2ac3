"""Look at what the roles of the functions may do, by IAM's policy simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong
from operations.doctor.inside.simulator import Decisions, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Inside

SOMEBODY = "doctor-somebody"
"""The id of a user whom nobody creates."""
USERS = ("chime:CreateAppInstanceUser", "chime:DescribeAppInstanceUser", "chime:UpdateAppInstanceUser")
EXPIRES = "chime:PutAppInstanceUserExpirationSettings"
BY_HAND = "Undo what was changed by hand; a deployment does not."


class Needed(NamedTuple):
    """An action that a role must be allowed on a resource, and what for."""

    action: str
    resource: str
    reason: str


@check("handler role", "inside", "Whether the handler may assume user roles, create users and read the revoked ones.")
def _handler_role(inside: Inside) -> Iterator[Finding]:
    actions = ["sts:AssumeRole", "sts:TagSession"]
    if inside.stack.parameters.get("SourceIdentity") == "true":
        actions.append("sts:SetSourceIdentity")
    user = f"{inside.app_instance_arn}/user/{SOMEBODY}"
    needed = [Needed(action, arn, "sessions") for arn in inside.stack.role_arns for action in actions]
    needed += [Needed(action, user, "users in Chime") for action in USERS]
    if inside.stack.guest_role_arn:
        needed.append(Needed(EXPIRES, user, "guests, who expire"))
    if inside.stack.revokes:
        needed.append(Needed("ssm:GetParameter", inside.list_arn, "the list of revoked users"))
    yield from judged(inside, inside.role_arn("SigninFunctionRole"), needed)


@check("authorizer role", "inside", "Whether the authorizer may read and decrypt the shared secret.")
def _authorizer_role(inside: Inside) -> Iterator[Finding]:
    secret, key = (inside.stack.parameters.get(name, "") for name in ("SharedSecretArn", "SharedSecretKeyArn"))
    role = inside.role_arn("AuthorizerFunctionRole")
    if secret:
        actions = ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")
        yield from judged(inside, role, [Needed(action, secret, "the shared secret") for action in actions])
    if secret and key:
        through = f"secretsmanager.{secret.split(':')[3]}.amazonaws.com"
        decisions = simulate(inside.client("iam"), role, ["kms:Decrypt"], [key], {"kms:ViaService": through})
        yield from _said(role, [Needed("kms:Decrypt", key, "the shared secret")], decisions)


def judged(inside: Inside, role: str, needed: list[Needed]) -> Iterator[Finding]:
    """Yield what of *needed* the role may not do, or that it may do it all."""
    decisions: Decisions = {}
    for resource in dict.fromkeys(each.resource for each in needed):
        actions = [each.action for each in needed if each.resource == resource]
        decisions |= simulate(inside.client("iam"), role, actions, [resource])
    yield from _said(role, needed, decisions)


def _said(role: str, needed: list[Needed], decisions: Decisions) -> Iterator[Finding]:
    """Yield a finding for each action that is needed and not allowed, or one that all is well."""
    name = role.rpartition("/")[2]
    refused = [each for each in needed if not decisions[each.action, each.resource].is_allowed]
    for action, resource, reason in refused:
        yield wrong(
            f"for {name}, {action} on {resource} is {decisions[action, resource]}",
            wanted=f"allowed, for {reason}",
            mend=BY_HAND,
        )
    if not refused:
        yield ok(f"{name} may do what it needs for {', '.join(dict.fromkeys(each.reason for each in needed))}")
