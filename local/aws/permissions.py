"""
Ask the policies whether a call may be: those of the caller's user or role, and for AssumeRole the role's trust policy.

They are read from moto's IAM at each call, as they stand there. What comes from inside (CloudFormation creating a
resource, Lambda taking a function's role) does not pass here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from local.aws import callers, contexts, errors, grants, operations
from local.aws.errors import AwsError
from local.aws.policies import documents
from local.aws.policies.errors import PolicyError
from local.aws.policies.evaluation import Access, Decision, decide, decide_on_role
from local.aws.policies.principals import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Response

    from local.aws.call import Call
    from local.aws.callers import Caller

_logger = logging.getLogger(__name__)


class Permissions:
    """Lets calls through that the caller's policies allow."""

    def __init__(self, following: Callable[[Call], Response]) -> None:
        """Take the next layer."""
        self._following = following

    def __call__(self, call: Call) -> Response:
        """Answer with the next layer's response, or with the refusal."""
        try:
            check(call)
        except AwsError as error:
            return errors.refuse(call, error)
        return self._following(call)


def check(call: Call) -> None:
    """
    Return if the call is allowed; one that is no operation at all is left to the service.

    Raises:
        AwsError: AccessDenied, or NotImplemented if a policy says what cannot be evaluated here.
    """
    if call.operation is None or call.parameters is None:
        return
    if call.caller is None:
        raise AwsError("AccessDenied", "Nobody has signed this call.")
    try:
        if call.name == "AssumeRole":
            _check_assume_role(call, call.caller)
        else:
            _check_needed(call, call.caller)
    except PolicyError as error:
        _logger.warning("%s: policies cannot be evaluated: %s", call.name, error)
        raise AwsError("NotImplemented", f"The local AWS cannot evaluate the policies: {error}") from error


def _check_needed(call: Call, caller: Caller) -> None:
    needed = operations.needed(call)
    held = list(grants.held(caller)) if needed else []
    for action, resource in needed:
        decision = decide(held, Access(action, resource, contexts.of(call, caller)))
        if decision is not Decision.ALLOWED:
            raise AwsError("AccessDenied", _refusal(caller, action, resource, decision))


def _refusal(caller: Caller, action: str, resource: str, decision: Decision) -> str:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; for Chime, its answers to
    # chime:CreateMeeting in public reports: AccessDeniedException and this wording. Older ones have ForbiddenException,
    # "AWS authorization failed". That identity and messaging answer as meetings do is inferred.
    reason = f"because no identity-based policy allows the {action} action"
    if decision is Decision.DENIED:
        reason = "with an explicit deny in an identity-based policy"
    return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def _check_assume_role(call: Call, caller: Caller) -> None:
    given: dict[str, Any] = call.parameters or {}
    role = grants.role(given.get("RoleArn"))
    if role is None:
        return  # StsResponse refuses it in the same words as a role that may not be assumed
    trust = documents.parse(role.assume_role_policy_document, of_resource=True)
    held = list(grants.held(caller))
    context = contexts.of(call, caller)
    for action, both in _role_actions(given, caller):
        decision = decide_on_role(held, trust, _principal(caller), Access(action, role.arn, context), both=both)
        if decision is not Decision.ALLOWED:
            # AWS's documents know a longer form too ("because no role trust policy allows"); answers have this one.
            message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {role.arn}"
            raise AwsError("AccessDenied", message)


def _role_actions(given: dict[str, Any], caller: Caller) -> Iterator[tuple[str, bool]]:
    """Yield the actions, each with whether trust and the caller's own policies both have to allow it."""
    yield "sts:AssumeRole", False
    if given.get("Tags"):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
        yield "sts:TagSession", False
    if given.get("SourceIdentity") or (caller.session and caller.session.context.source_identity):
        # Role chaining needs it on both sides, and passing on what was set needs it too:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
        yield "sts:SetSourceIdentity", caller.session is not None


def _principal(caller: Caller) -> Principal:
    names = {caller.arn, caller.session.role_arn} if caller.session else {caller.arn}
    return Principal(callers.ACCOUNT, frozenset(names))
