"""
The AWS endpoint of the local stack: one WSGI application for all services.

A request passes, in this order: the control paths (`/local/`), browsers' preflights, the record of calls, the
signature, the caller's permissions, the faults that are set, and the service itself: messaging's WebSockets, or moto.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from local.aws import callers, connections, cors, errors, sts
from local.aws.call import CONNECT, Call
from local.aws.calls import Calls
from local.aws.cloud import Cloud
from local.aws.connections import Connections
from local.aws.control import PREFIX, Control, UnknownRoleError
from local.aws.errors import AwsError
from local.aws.faults import Faults
from local.aws.permissions import Permissions
from local.aws.sessions import Context
from local.aws.signature import Authentication

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

FUNCTION_SESSION = 12 * 3600
"""Seconds that the credentials given to a function live; Lambda's own figure is not documented."""

_OWNER = "stack-owner"
_logger = logging.getLogger(__name__)


class AwsEndpoint:
    """
    AWS in account 123456789012.

    moto's state is the process's: one endpoint is open at a time, and making a second is a RuntimeError.
    """

    def __init__(self) -> None:
        """Start with nothing deployed: no role, no secret, no user but the stack's owner."""
        self.roles: dict[str, str] = {}
        """Role ARNs by logical id; whoever deploys fills it in."""
        self._cloud = Cloud()
        opened = Connections(self._cloud)
        faults = Faults(opened)
        self._calls = Calls(Authentication(Permissions(faults)))
        self._control = Control(self.credentials, faults, self._calls, opened)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._answer(environ)(environ, start_response)

    def credentials(self, role: str) -> dict[str, str]:
        """
        Return what the Lambda service would hand to a function with the role of logical id *role*.

        Keys: AccessKeyId, SecretAccessKey, SessionToken, Expiration (UTC, ISO 8601). What they assume is chained.

        Raises:
            UnknownRoleError: `roles` has no such id.

        """
        if role not in self.roles:
            raise UnknownRoleError(f"There is no role with the logical id {role}.")
        session = sts.start_session(self.roles[role], role, FUNCTION_SESSION, Context("lambda.amazonaws.com"))
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.ends,
        }

    def root_credentials(self) -> dict[str, str]:
        """Return the keys (AccessKeyId, SecretAccessKey) of an IAM user who may do everything, to deploy with."""
        iam = callers.iam()
        if _OWNER not in iam.users:
            iam.create_user("us-east-1", _OWNER)
            statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            iam.put_user_policy(_OWNER, "everything", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
            iam.create_access_key(_OWNER)
        key = iam.list_access_keys(_OWNER)[0]
        return {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}

    def close(self) -> None:
        """Forget all that was deployed."""
        self._cloud.close()

    def _answer(self, environ: dict[str, Any]) -> Response:
        request = Request(environ, populate_request=False)
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        if request.method == "OPTIONS":
            return cors.preflight(request.headers.get("Access-Control-Request-Headers", ""))
        try:
            call = Call.read(environ)
            response = self._answer_call(call)
            if call.name == CONNECT and response.status_code >= HTTPStatus.BAD_REQUEST:
                response = connections.refused(call, response)
            return cors.opened(response)
        except HTTPException as error:
            # Reading ended early: a form beyond moto's limits.
            return cors.opened(_unreadable(error.code or 400))

    def _answer_call(self, call: Call) -> Response:
        try:
            return self._calls(call)
        except ConnectionError:
            raise  # a fault: `web` breaks the connection
        except Exception:
            _logger.exception("The local AWS failed in %s", call.name)
            return errors.refuse(call, AwsError("InternalFailure", "The local AWS has a bug; its log says where."))


def _unreadable(status: int) -> Response:
    said = {"error": "too_large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "bad_request"}
    return Response(json.dumps(said), status, content_type="application/json")
