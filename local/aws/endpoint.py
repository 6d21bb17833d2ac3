"""
The AWS endpoint of the local stack: one WSGI application for all services.

A request passes, in this order: the control paths (`/local/`), the WebSockets of calls (`/control/`), browsers'
preflights, the log of calls, the signature check, the check of the caller's permissions, the faults that are set, and
the service: messaging's WebSockets, or moto.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.request import Request
from moto.secretsmanager.models import secretsmanager_backends
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.aws import bucket_cors, errors, identities, sts
from local.aws.authentication import Authentication
from local.aws.aws_request import CONNECT, AwsRequest
from local.aws.call_log import CallLog
from local.aws.control import PREFIX, Control, UnknownRoleError
from local.aws.errors import AwsError
from local.aws.faults import Faults
from local.aws.identities import SessionContext
from local.aws.meeting_connections import PREFIX as CALLS
from local.aws.meeting_connections import MeetingConnections
from local.aws.messaging_connections import MessagingConnections, closing_upgrade
from local.aws.moto_services import MotoServices
from local.aws.permissions import Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

FUNCTION_SESSION_SECONDS = 12 * 3600
"""How long the credentials of a function last. Lambda's own figure is not documented."""

_OWNER = "stack-owner"
_EXPOSED_HEADERS = "x-amzn-RequestId,x-amzn-ErrorType,x-amz-id-2,Date"
_PREFLIGHT_SECONDS = "172800"
_logger = logging.getLogger(__name__)


class AwsEndpoint:
    """
    AWS in account 123456789012.

    One endpoint is open at a time in a process, because moto's state is global: a second one raises RuntimeError.
    """

    def __init__(self) -> None:
        """Start with nothing deployed: no roles, no secrets, no IAM users but the stack's owner."""
        self.roles: dict[str, str] = {}
        """Role ARNs by logical id; a deployment adds its own."""
        self._services = MotoServices()
        self._meetings = MeetingConnections()
        connections = MessagingConnections(self._services)
        faults = Faults(connections)
        self._calls = CallLog(Authentication(Permissions(faults)))
        self._control = Control(self.credentials, self.admin_credentials, faults, self._calls, connections)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._answer(environ)(environ, start_response)

    def load(self) -> None:
        """Load what a sign-in calls. Otherwise whoever signs in first waits for it, too long on a slow machine."""
        for service in ("sts", "chime-sdk-identity", "ssm"):
            self._services.load(service)
        sts.load()

    def credentials(self, role: str) -> dict[str, str]:
        """
        Return the credentials that Lambda would give to a function with the role of logical id *role*.

        Keys: AccessKeyId, SecretAccessKey, SessionToken, Expiration (UTC, ISO 8601). They are a role session's, so a
        role that the function assumes is role chaining.

        Raises:
            UnknownRoleError: `roles` has no such id.

        """
        if role not in self.roles:
            raise UnknownRoleError(f"There is no role with the logical id {role}.")
        context = SessionContext("lambda.amazonaws.com")
        session = sts.start_session(self.roles[role], role, FUNCTION_SESSION_SECONDS, context)
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.expiration_text,
        }

    def admin_credentials(self) -> dict[str, str]:
        """Return the access key of an IAM user who may do everything, to deploy with (not AWS's root user)."""
        iam = identities.iam_backend()
        if _OWNER not in iam.users:
            iam.create_user("us-east-1", _OWNER)
            statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            iam.put_user_policy(_OWNER, "everything", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
            iam.create_access_key(_OWNER)
        key = iam.list_access_keys(_OWNER)[0]
        return {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}

    def create_secret(self, name: str, value: str, region: str) -> str:
        """Put a secret into Secrets Manager of *region*, as its owner does; return its ARN."""
        secrets = secretsmanager_backends[identities.ACCOUNT][region]
        said: dict[str, str] = json.loads(
            secrets.create_secret(
                name=name,
                secret_string=value,
                secret_binary=None,
                description=None,
                tags=None,
                kms_key_id=None,
                client_request_token=None,
                replica_regions=[],
                force_overwrite=False,
            )
        )
        return said["ARN"]

    def close(self) -> None:
        """End the calls, and delete all that was deployed."""
        self._meetings.close()
        self._services.close()

    def _answer(self, environ: dict[str, Any]) -> Response:
        http_request = Request(environ, populate_request=False)
        if http_request.path.startswith(PREFIX):
            return self._control.answer(http_request)
        if http_request.path.startswith(CALLS):
            return self._meetings.answer(http_request)
        if http_request.method == "OPTIONS":
            of_bucket = bucket_cors.preflight(http_request)
            return of_bucket or _preflight(http_request.headers.get("Access-Control-Request-Headers", ""))
        try:
            request = AwsRequest.read(environ)
            response = self._answer_aws(request)
            if request.name == CONNECT and response.status_code >= HTTPStatus.BAD_REQUEST:
                response = closing_upgrade(request, response)
            if request.s3:
                bucket_cors.add_headers(request.http_request, response)
                return response
            return _with_cors_headers(response)
        except HTTPException as error:
            # werkzeug stopped reading: a form has more parts or a longer field than moto's limits allow.
            return _with_cors_headers(_unreadable(error.code or 400))

    def _answer_aws(self, request: AwsRequest) -> Response:
        try:
            return self._calls(request)
        except ConnectionError:
            raise  # a fault that breaks the connection, which the HTTP server does on this exception
        except Exception:
            _logger.exception("The local AWS failed in %s", request.name)
            error = AwsError("InternalFailure", "The local AWS has a bug; its log says where.")
            return errors.shared_error_response(request, error)


def _preflight(requested_headers: str) -> Response:
    """Answer an OPTIONS request for *requested_headers*. Browsers send it without a signature."""
    headers = {
        "Access-Control-Allow-Headers": requested_headers or "*",
        "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE,PATCH,HEAD",
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
    }
    return _with_cors_headers(Response(status=200, headers=headers))


def _with_cors_headers(response: Response) -> Response:
    """Let the scripts of any web page read the response, as AWS does: its signature is what protects a call."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
    response.headers.pop("Access-Control-Allow-Credentials", None)
    return response


def _unreadable(status: int) -> Response:
    body = {"error": "too_large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "bad_request"}
    return Response(json.dumps(body), status, content_type="application/json")
