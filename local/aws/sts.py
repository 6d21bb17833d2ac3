"""
AssumeRole as STS does it, where moto checks little and forgets session tags.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html. What is allowed in a single parameter, botocore's
model knows.
Whether the caller may assume the role, `permissions` has asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.iam.exceptions import NotFoundException
from moto.sts import urls
from moto.sts.responses import TokenResponse

from local.aws import callers
from local.aws.errors import AwsError, QueryError
from local.aws.sessions import Context, Session
from local.chime.constraints import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.iam.models import Role

_PATH = "{0}/$"
HOUR = 3600
"""Seconds: the default of DurationSeconds and of MaxSessionDuration, and the most that role chaining allows."""


class StsResponse(TokenResponse):
    """moto's STS with an AssumeRole of our own."""

    def assume_role(self) -> ActionResult:
        """
        Check the request, start a session and answer with its credentials.

        Raises:
            QueryError: ValidationError, InvalidParameterValue or AccessDenied.

        """
        parameters: dict[str, Any] = self._get_params()
        caller = callers.find(self.access_key)
        caller_session = caller.session if caller else None
        caller_arn = caller.arn if caller else "anonymous"
        _check_limits(parameters)
        _check_session_policies(parameters)
        role = _role(parameters["RoleArn"], caller_arn)
        seconds = parameters.get("DurationSeconds") or HOUR
        _check_duration(seconds, role, chained=caller_session is not None)
        context = _context(parameters, caller_arn, caller_session)
        return _answer(start_session(role.arn, parameters["RoleSessionName"], seconds, context))


def start_session(role_arn: str, name: str, seconds: int, context: Context) -> Session:
    """Start a session without asking whether it may be."""
    key = callers.iam().create_temp_access_key()
    key.role_arn = role_arn
    session = Session(key, role_arn, name, seconds, context)
    callers.sts().assumed_roles.append(session)
    return session


def install() -> None:
    """Put this AssumeRole in moto's place."""
    urls.url_paths[_PATH] = StsResponse.dispatch


def uninstall() -> None:
    """Give moto its own back."""
    urls.url_paths[_PATH] = TokenResponse.dispatch


def _error(code: str, message: str, status: int = 400) -> QueryError:
    return QueryError(AwsError(code, message), status, get_service_model("sts").metadata["xmlNamespace"])


def _check_limits(parameters: Mapping[str, Any]) -> None:
    wrong = refusal(get_service_model("sts").operation_model("AssumeRole").input_shape, parameters)
    if wrong:
        raise _error("ValidationError", wrong)


def _check_session_policies(parameters: Mapping[str, Any]) -> None:
    if parameters.get("Policy") or parameters.get("PolicyArns"):
        # They would narrow what the session may do: to leave them out would be to allow too much.
        raise _error("NotImplemented", "Session policies are not available on the local stack.", 501)


def _role(arn: str, caller_arn: str) -> Role:
    try:
        return callers.iam().get_role_by_arn(arn)
    except NotFoundException as error:
        # STS does not tell a role that is missing from one that may not be assumed.
        message = f"User: {caller_arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise _error("AccessDenied", message, 403) from error


def _check_duration(seconds: int, role: Role, *, chained: bool) -> None:
    if chained and seconds > HOUR:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise _error("ValidationError", message)
    if seconds > int(role.max_session_duration or HOUR):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise _error("ValidationError", message)


def _context(parameters: Mapping[str, Any], caller_arn: str, caller_session: Session | None) -> Context:
    before = caller_session.context if caller_session else Context(caller_arn)
    inherited = {key: before.tags[key] for key in before.transitive_tag_keys}
    tags = _tags(parameters.get("Tags") or [], inherited)
    transitive = frozenset(parameters.get("TransitiveTagKeys") or [])
    if not transitive <= tags.keys():
        raise _error(
            "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
        )
    source_identity = _source_identity(parameters.get("SourceIdentity"), before.source_identity, caller_arn)
    return Context(caller_arn, {**inherited, **tags}, transitive | before.transitive_tag_keys, source_identity)


def _tags(given: list[dict[str, str]], inherited: Mapping[str, str]) -> dict[str, str]:
    taken = {key.lower() for key in inherited}
    for tag in given:
        key = tag["Key"].lower()
        if key.startswith("aws:"):
            raise _error("InvalidParameterValue", "Tag keys that start with aws: are reserved for system use.")
        if key in taken:
            raise _error(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        taken.add(key)
    return {tag["Key"]: tag.get("Value", "") for tag in given}


def _source_identity(given: str | None, before: str | None, caller_arn: str) -> str | None:
    # Once set it cannot change along a chain; which error says so is inferred.
    if given and before and given != before:
        message = f"User: {caller_arn} is not authorized to perform: sts:SetSourceIdentity"
        raise _error("AccessDenied", message, 403)
    return before or given


def _answer(session: Session) -> ActionResult:
    result: dict[str, Any] = {
        "Credentials": session,
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        "SourceIdentity": session.context.source_identity,
    }
    if session.context.tags:
        # The real figure is a percentage of a packed size that AWS does not define.
        result["PackedPolicySize"] = len(session.context.tags)
    return ActionResult(result)
