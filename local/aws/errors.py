"""
Turn an AWS error into the bytes that its service would send.

`AwsError` carries a code, a message and perhaps a status. botocore's model decides status and body where it knows the
code. The names that services share (signature errors and the like) are in no model: `_COMMON` has them, as
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html and answers quoted in public issues
show them: 403 from query and rest-json services, 400 from json ones.
"""

from __future__ import annotations

import functools
import json
import uuid
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from botocore.model import Shape

    from local.aws.call import Call

# Query's name: its status there, the name in JSON protocols, the status in rest-json, the status in json.
_COMMON = {
    "AccessDenied": (403, "AccessDeniedException", 403, 400),
    "ExpiredToken": (403, "ExpiredTokenException", 403, 400),
    "IncompleteSignature": (400, "IncompleteSignatureException", 403, 400),
    "InternalFailure": (500, "InternalServerException", 500, 500),
    "InvalidAction": (400, "UnknownOperationException", 404, 400),
    "InvalidClientTokenId": (403, "UnrecognizedClientException", 403, 400),
    "MalformedQueryString": (400, "SerializationException", 400, 400),
    "MissingAuthenticationToken": (403, "MissingAuthenticationTokenException", 403, 400),
    "NotImplemented": (501, "NotImplementedException", 501, 501),
    "SignatureDoesNotMatch": (403, "InvalidSignatureException", 403, 400),
}


class AwsError(Exception):
    """A refusal, named as a query service names it if all services share it, else as the service's model does."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        """Take an HTTP *status* to overrule the one that goes with *code*."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def respond(call: Call, error: AwsError) -> Response:
    """Return *error* in the wire form of the called service."""
    if call.protocol == "query":
        namespace = call.service.metadata.get("xmlNamespace", "") if call.service else ""
        return _query(error, error.status or _status(call, error, 0), namespace)
    common = _COMMON.get(error.code)
    named = AwsError(common[1], error.message, error.status) if common else error
    status = error.status or _status(call, error, 3 if call.protocol == "json" else 2)
    return _json(named, status) if call.protocol == "json" else _rest_json(call, named, status)


class QueryError(HTTPException):
    """An error of a query service, raised inside moto's response classes."""

    def __init__(self, code: str, message: str, status: int, namespace: str) -> None:
        """Take what `AwsError` takes, and the service's XML namespace."""
        super().__init__(description=_query_body(AwsError(code, message), status, namespace))
        self.code = status

    def get_headers(self, *_: object) -> list[tuple[str, str]]:
        """Return what moto copies into its answer."""
        return [("Content-Type", "text/xml")]


def _status(call: Call, error: AwsError, protocol: int) -> int:
    shape = _modelled(call, error.code)
    if shape is not None:
        return int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
    common = _COMMON.get(error.code)
    return (common[0], 0, common[2], common[3])[protocol] if common else 400


def _modelled(call: Call, code: str) -> Shape | None:
    return _error_shapes(call.service.service_name).get(code) if call.service else None


@functools.cache
def _error_shapes(service: str) -> dict[str, Shape]:
    # Query services send the model's `error.code`, the others the shape's name; a fault may be given by either.
    shapes = get_service_model(service).error_shapes
    return {name: shape for shape in shapes for name in (shape.error_code, shape.name)}


def _query(error: AwsError, status: int, namespace: str) -> Response:
    body = _query_body(error, status, namespace)
    return Response(body, status, {"x-amzn-RequestId": str(uuid.uuid4())}, content_type="text/xml")


def _query_body(error: AwsError, status: int, namespace: str) -> str:
    fault = "Receiver" if status >= 500 else "Sender"  # noqa: PLR2004 - HTTP's line between the two
    return (
        f'<ErrorResponse xmlns="{escape(namespace)}"><Error><Type>{fault}</Type><Code>{escape(error.code)}</Code>'
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )


def _json(error: AwsError, status: int) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    body = json.dumps({"__type": error.code, "message": error.message})
    return Response(body, status, headers, content_type="application/x-amz-json-1.1")


def _rest_json(call: Call, error: AwsError, status: int) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-ErrorType": error.code}
    body = {"message": error.message}
    if _modelled(call, error.code) is not None:
        # Chime's ErrorCode is the exception's name without its endings: ThrottledClientException, Throttled.
        body = {"Code": error.code.removesuffix("Exception").removesuffix("Client"), "Message": error.message}
    return Response(json.dumps(body), status, headers, content_type="application/json")
