"""
Turn an AWS error into the bytes that its service would send.

botocore's model decides status and body where it knows the code. The names that services share (signature errors and
the like) are in no model: `_COMMON` has them, as
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html and answers of Lambda (rest-json) and
Secrets Manager (json) quoted in public issues show them. For Chime they are inferred from Lambda's.
"""

from __future__ import annotations

import functools
import json
import uuid
from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import escape

from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from moto.core.model import StructureShape

    from local.aws.call import Call

_PROTOCOLS = ("query", "rest-json", "json")
_DEFAULT_STATUS = 400

# The name in query services; the name in the others; the status in each of `_PROTOCOLS`.
_COMMON = {
    "AccessDenied": ("AccessDeniedException", (403, 403, 400)),
    "ExpiredToken": ("ExpiredTokenException", (403, 403, 400)),
    "IncompleteSignature": ("IncompleteSignatureException", (400, 403, 400)),
    "InternalFailure": ("InternalServerException", (500, 500, 500)),
    "InvalidAction": ("UnknownOperationException", (400, 404, 400)),
    "InvalidClientTokenId": ("UnrecognizedClientException", (403, 403, 400)),
    "MalformedQueryString": ("SerializationException", (400, 400, 400)),
    "MissingAuthenticationToken": ("MissingAuthenticationTokenException", (403, 403, 400)),
    "NotImplemented": ("NotImplementedException", (501, 501, 501)),
    "ServiceUnavailable": ("ServiceUnavailableException", (503, 503, 503)),
    "SignatureDoesNotMatch": ("InvalidSignatureException", (403, 403, 400)),
    "Throttling": ("ThrottlingException", (400, 429, 400)),
}
_COMMON_STATUS = {name: statuses for code, (other, statuses) in _COMMON.items() for name in (code, other)}


class AwsError(Exception):
    """A refusal: the code, a message for people, and the status if it is not the one that goes with the code."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        """Take an HTTP *status* only to overrule."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class QueryError(HTTPException):
    """An error of a query service, raised inside moto's response classes."""

    def __init__(self, error: AwsError, status: int, namespace: str) -> None:
        """Take the service's XML namespace."""
        super().__init__(description=_query_body(error.code, error.message, status, namespace))
        self.code = status

    def get_headers(self, *_: object) -> list[tuple[str, str]]:
        """Return what moto copies into its answer."""
        return [("Content-Type", "text/xml")]


def refuse(call: Call, error: AwsError) -> Response:
    """Return an error that services share, given by its name in query services, under its name in the called one."""
    if call.protocol != "query" and error.code in _COMMON:
        error = AwsError(_COMMON[error.code][0], error.message, error.status)
    return respond(call, error)


def respond(call: Call, error: AwsError) -> Response:
    """Return *error*, under exactly its name, in the wire form of the called service."""
    shape = _modelled(call, error.code)
    status = error.status or _status(call, error.code, shape)
    writers = {"query": _query, "json": _json, "rest-json": _rest_json}
    response = writers[call.protocol](call, error, status, shape)
    response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return response


def malformed(call: Call, status: int) -> Response:
    """Return an answer that breaks off before it means anything, of the kind that the called service sends."""
    kinds = {
        "query": ("<", "text/xml"),
        "json": ("{", "application/x-amz-json-1.1"),
        "rest-json": ("{", "application/json"),
    }
    body, content_type = kinds[call.protocol]
    return Response(body, status, content_type=content_type)


def _modelled(call: Call, code: str) -> StructureShape | None:
    return _error_shapes(call.service.service_name).get(code) if call.service else None


@functools.cache
def _error_shapes(service: str) -> dict[str, StructureShape]:
    # Query services send the model's `error.code`, the others the shape's name; a fault may be given by either.
    shapes = cast("list[StructureShape]", get_service_model(service).error_shapes)
    return {name: shape for shape in shapes for name in (shape.error_code, shape.name)}


def _status(call: Call, code: str, shape: StructureShape | None) -> int:
    if shape is not None:
        return int(shape.metadata.get("error", {}).get("httpStatusCode", _DEFAULT_STATUS))
    return _COMMON_STATUS.get(code, (_DEFAULT_STATUS,) * 3)[_PROTOCOLS.index(call.protocol)]


def _query(call: Call, error: AwsError, status: int, shape: StructureShape | None) -> Response:
    namespace = call.service.metadata.get("xmlNamespace", "") if call.service else ""
    body = _query_body(shape.error_code if shape else error.code, error.message, status, namespace)
    return Response(body, status, content_type="text/xml")


def _query_body(code: str, message: str, status: int, namespace: str) -> str:
    fault = "Receiver" if status >= 500 else "Sender"  # noqa: PLR2004 - HTTP's line between the two
    return (
        f'<ErrorResponse xmlns="{escape(namespace)}"><Error><Type>{fault}</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )


def _json(_: Call, error: AwsError, status: int, shape: StructureShape | None) -> Response:
    body = {"__type": error.code, "Message" if shape else "message": error.message}
    return Response(json.dumps(body), status, content_type="application/x-amz-json-1.1")


def _rest_json(_: Call, error: AwsError, status: int, shape: StructureShape | None) -> Response:
    body = {"message": error.message}
    if shape is not None:
        # Chime's ErrorCode is the exception's name without its endings: ThrottledClientException, Throttled.
        body = {"Code": error.code.removesuffix("Exception").removesuffix("Client"), "Message": error.message}
    return Response(json.dumps(body), status, {"x-amzn-ErrorType": error.code}, content_type="application/json")
