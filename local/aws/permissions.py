"""
Ask the policies whether a request is allowed: those of the caller's user or role, a role's trust policy, a bucket's.

The policies are read from moto's IAM at each request, so a change takes effect at once. What AWS does by itself is
not checked: CloudFormation creating a resource, Lambda assuming a function's role.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from local.aws import bucket_permissions, errors, identities
from local.aws.condition_context import condition_context
from local.aws.errors import AwsError
from local.aws.identity_policies import statements_of
from local.aws.policies import PolicyError, documents
from local.aws.policies.evaluation import Access, Decision, decide, decide_on_role
from local.aws.policies.principals import Principal
from local.aws.required_permissions import required_permissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.iam.models import Group, Role, User
    from werkzeug.wrappers import Response

    from local.aws.aws_request import AwsRequest
    from local.aws.identities import CallerIdentity
    from local.aws.policies.documents import Statement

_logger = logging.getLogger(__name__)


class Permissions:
    """Passes on the requests that the caller's policies allow."""

    def __init__(self, get_response: Callable[[AwsRequest], Response]) -> None:
        """Take what answers the requests that are passed on."""
        self._get_response = get_response

    def __call__(self, request: AwsRequest) -> Response:
        """Answer with the response of what comes next, or with AccessDenied."""
        try:
            check(request)
        except AwsError as error:
            return errors.shared_error_response(request, error)
        return self._get_response(request)


def check(request: AwsRequest) -> None:
    """
    Return if the request is allowed. One that names no operation passes: the service answers that there is none.

    Raises:
        AwsError: AccessDenied; NotImplemented if a policy has something that cannot be evaluated here.
    """
    if request.operation is None or request.parameters is None:
        return
    if request.caller is None:
        raise AwsError("AccessDenied", "The request is not signed.")
    try:
        if request.name == "AssumeRole":
            _check_assume_role(request, request.caller)
        elif request.s3:
            own = list(_identity_statements(request.caller))
            bucket_permissions.check(request, request.caller, _principal(request.caller), own)
        else:
            _check_identity_policies(request, request.caller)
    except PolicyError as error:
        _logger.warning("%s: policies cannot be evaluated: %s", request.name, error)
        raise AwsError("NotImplemented", f"The local AWS cannot evaluate the policies: {error}") from error


def _check_identity_policies(request: AwsRequest, caller: CallerIdentity) -> None:
    required = required_permissions(request)
    statements = list(_identity_statements(caller)) if required else []
    for action, resource in required:
        decision = decide(statements, Access(action, resource, condition_context(request, caller)))
        if decision is not Decision.ALLOWED:
            raise AwsError("AccessDenied", _denial_message(caller, action, resource, decision))


def _identity_statements(caller: CallerIdentity) -> Iterator[Statement]:
    """Yield the statements of the caller's identity-based policies: inline, attached, and those of a user's groups."""
    return statements_of(_policy_holders(caller))


def _policy_holders(caller: CallerIdentity) -> list[Role | User | Group]:
    if caller.session:
        role = identities.find_role(caller.session.role_arn)
        return [role] if role else []
    user = identities.user_of(caller)
    return [user, *identities.iam_backend().get_groups_for_user(user.name)]


def _denial_message(caller: CallerIdentity, action: str, resource: str, decision: Decision) -> str:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; for Chime, its answers to
    # chime:CreateMeeting in public reports: AccessDeniedException and this wording. Older reports have
    # ForbiddenException, "AWS authorization failed". That identity and messaging answer like meetings is inferred.
    reason = f"because no identity-based policy allows the {action} action"
    if decision is Decision.EXPLICIT_DENY:
        reason = "with an explicit deny in an identity-based policy"
    return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def _check_assume_role(request: AwsRequest, caller: CallerIdentity) -> None:
    parameters: dict[str, Any] = request.parameters or {}
    role = identities.find_role(parameters.get("RoleArn"))
    if role is None:
        return  # StsResponse refuses a missing role in the same words as one that may not be assumed
    trust = documents.parse(role.assume_role_policy_document, of_resource=True)
    own = list(_identity_statements(caller))
    context, principal = condition_context(request, caller), _principal(caller)
    for action, own_required in _assume_role_actions(parameters, caller):
        decision = decide_on_role(own, trust, principal, Access(action, role.arn, context), own_required=own_required)
        if decision is not Decision.ALLOWED:
            # AWS documents a longer text too ("because no role trust policy allows"); its answers have this one.
            message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {role.arn}"
            raise AwsError("AccessDenied", message)


def _assume_role_actions(parameters: dict[str, Any], caller: CallerIdentity) -> Iterator[tuple[str, bool]]:
    """Yield each action that AssumeRole needs, and whether the caller's own policies must allow it in any case."""
    yield "sts:AssumeRole", False
    if parameters.get("Tags"):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
        yield "sts:TagSession", False
    if parameters.get("SourceIdentity") or (caller.session and caller.session.context.source_identity):
        # Role chaining needs this permission on both sides, also to pass on a source identity that was set before:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
        yield "sts:SetSourceIdentity", caller.session is not None


def _principal(caller: CallerIdentity) -> Principal:
    names = {caller.arn, caller.session.role_arn} if caller.session else {caller.arn}
    return Principal(identities.ACCOUNT, frozenset(names))
