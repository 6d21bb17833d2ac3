"""
Answer AssumeRole as STS does; moto's own checks little and drops session tags.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html; the limits of each parameter are in botocore's
model. Whether the caller may assume the role is not asked here: `permissions` has decided it before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.sts import urls
from moto.sts.responses import TokenResponse

from local.aws import identities
from local.aws.errors import AwsError, QueryError
from local.aws.identities import AssumedSession, SessionContext
from local.chime.constraints import validation_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.iam.models import Role

_PATH = "{0}/$"
HOUR = 3600
"""Seconds: the default of DurationSeconds and of MaxSessionDuration, and the maximum for role chaining."""


class StsResponse(TokenResponse):
    """moto's STS with our AssumeRole."""

    def assume_role(self) -> ActionResult:
        """
        Check the parameters, start a session and answer with its credentials.

        Raises:
            QueryError: ValidationError, InvalidParameterValue or AccessDenied.

        """
        parameters: dict[str, Any] = self._get_params()
        caller = identities.find(self.access_key)
        caller_session = caller.session if caller else None
        caller_arn = caller.arn if caller else "anonymous"
        _check_limits(parameters)
        _check_no_policies(parameters)
        role = _role(parameters["RoleArn"], caller_arn)
        seconds = parameters.get("DurationSeconds") or HOUR
        _check_duration(seconds, role, chained=caller_session is not None)
        context = _session_context(parameters, caller_arn, caller_session)
        return _answer(start_session(role.arn, parameters["RoleSessionName"], seconds, context))


def start_session(role_arn: str, name: str, seconds: int, context: SessionContext) -> AssumedSession:
    """Start a session, without a check whether the caller may assume the role."""
    key = identities.iam_backend().create_temp_access_key()
    key.role_arn = role_arn
    session = AssumedSession(key, role_arn, name, seconds, context)
    identities.sts_backend().assumed_roles.append(session)
    return session


def install() -> None:
    """Let moto route requests for STS to this class."""
    urls.url_paths[_PATH] = StsResponse.dispatch


def uninstall() -> None:
    """Let moto route requests for STS to its own class again."""
    urls.url_paths[_PATH] = TokenResponse.dispatch


def load() -> None:
    """Load what the first call of AssumeRole would load, above all the patterns, which take a tenth of a second."""
    _check_limits({"RoleArn": "x" * 20, "RoleSessionName": "xx", "Tags": [{"Key": "x", "Value": "x"}]})


def _error(code: str, message: str, status: int = 400) -> QueryError:
    return QueryError(AwsError(code, message), status, get_service_model("sts").metadata["xmlNamespace"])


def _check_limits(parameters: Mapping[str, Any]) -> None:
    message = validation_error(get_service_model("sts").operation_model("AssumeRole").input_shape, parameters)
    if message:
        raise _error("ValidationError", message)


def _check_no_policies(parameters: Mapping[str, Any]) -> None:
    if parameters.get("Policy") or parameters.get("PolicyArns"):
        # Refused, because these policies narrow what the session may do: to ignore them would allow too much.
        raise _error("NotImplemented", "Policy and PolicyArns are not available on the local stack.", 501)


def _role(arn: str, caller_arn: str) -> Role:
    role = identities.find_role(arn)
    if role is None:
        # The same answer as for a role that may not be assumed: STS does not tell which roles exist.
        message = f"User: {caller_arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise _error("AccessDenied", message, 403)
    return role


def _check_duration(seconds: int, role: Role, *, chained: bool) -> None:
    if chained and seconds > HOUR:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise _error("ValidationError", message)
    if seconds > int(role.max_session_duration or HOUR):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise _error("ValidationError", message)


def _session_context(
    parameters: Mapping[str, Any], caller_arn: str, caller_session: AssumedSession | None
) -> SessionContext:
    callers = caller_session.context if caller_session else SessionContext(caller_arn)
    inherited = {key: callers.tags[key] for key in callers.transitive_tag_keys}
    tags = _tags(parameters.get("Tags") or [], inherited)
    transitive = frozenset(parameters.get("TransitiveTagKeys") or [])
    if not transitive <= tags.keys():
        raise _error(
            "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
        )
    source_identity = _source_identity(parameters.get("SourceIdentity"), callers.source_identity, caller_arn)
    return SessionContext(caller_arn, {**inherited, **tags}, transitive | callers.transitive_tag_keys, source_identity)


def _tags(tags: list[dict[str, str]], inherited: Mapping[str, str]) -> dict[str, str]:
    taken = {key.lower() for key in inherited}
    for tag in tags:
        key = tag["Key"].lower()
        if key.startswith("aws:"):
            raise _error("InvalidParameterValue", "Tag keys that start with aws: are reserved for system use.")
        if key in taken:
            raise _error(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        taken.add(key)
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def _source_identity(requested: str | None, inherited: str | None, caller_arn: str) -> str | None:
    # Once it is set it cannot change when further roles are assumed. Which error AWS answers then is inferred.
    if requested and inherited and requested != inherited:
        message = f"User: {caller_arn} is not authorized to perform: sts:SetSourceIdentity"
        raise _error("AccessDenied", message, 403)
    return inherited or requested


def _answer(session: AssumedSession) -> ActionResult:
    result: dict[str, Any] = {
        "Credentials": session,
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        "SourceIdentity": session.context.source_identity,
    }
    if session.context.tags:
        # A made-up number, because AWS does not define the packed size of which this is a percentage.
        result["PackedPolicySize"] = len(session.context.tags)
    return ActionResult(result)
