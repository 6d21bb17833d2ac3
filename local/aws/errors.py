"""
Write an AWS error as the called service sends it.

Status and body come from botocore's model if the model has the error's code. The errors that all services share
(signature errors and the like) are in no model: `_SHARED` has them, from
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html and from answers of Lambda
(rest-json) and Secrets Manager (json) that public issues quote. For Chime they are inferred from Lambda's. S3 has codes
and messages of its own: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
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

    from local.aws.aws_request import AwsRequest

_PROTOCOLS = ("query", "rest-json", "json")
_DEFAULT_STATUS = 400

# By the code in query services: the code in the other services, and the status in each of `_PROTOCOLS`.
_SHARED = {
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
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
# By the same code: the code of S3, its status, and its message if it is always the same.
_OF_S3 = {
    "AccessDenied": ("AccessDenied", 403, ""),
    "ExpiredToken": ("ExpiredToken", 400, "The provided token has expired."),
    "IncompleteSignature": ("AuthorizationHeaderMalformed", 400, ""),
    "InternalFailure": ("InternalError", 500, ""),
    "InvalidAction": ("MethodNotAllowed", 405, "The specified method is not allowed against this resource."),
    "InvalidClientTokenId": (
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "MalformedQueryString": (
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    "MissingAuthenticationToken": ("AccessDenied", 403, "Access Denied"),
    "NotImplemented": ("NotImplemented", 501, ""),
    "ServiceUnavailable": ("ServiceUnavailable", 503, ""),
    "SignatureDoesNotMatch": (
        "SignatureDoesNotMatch",
        403,
        _MISMATCH,
    ),
    "Throttling": ("SlowDown", 503, "Please reduce your request rate."),
}
_SHARED_STATUS = {name: statuses for code, (other, statuses) in _SHARED.items() for name in (code, other)}


class AwsError(Exception):
    """An error to answer with: its code, a message, and a status if it is not the one that goes with the code."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        """Take an HTTP *status* only to override the code's own."""
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
        """Return the headers that moto copies into its response."""
        return [("Content-Type", "text/xml")]


def shared_error_response(request: AwsRequest, error: AwsError) -> Response:
    """Return the response for an error that all services share, given by its code in query services."""
    if request.s3 and error.code in _OF_S3:
        code, status, message = _OF_S3[error.code]
        error = AwsError(code, message or error.message, error.status or status)
    elif request.protocol != "query" and error.code in _SHARED:
        error = AwsError(_SHARED[error.code][0], error.message, error.status)
    return error_response(request, error)


def error_response(request: AwsRequest, error: AwsError) -> Response:
    """Return the response for *error*, whose code is sent as it is, in the protocol of the called service."""
    shape = _model_shape(request, error.code)
    status = error.status or _status(request, error.code, shape)
    writers = {"query": _query, "json": _json, "rest-json": _rest_json, "rest-xml": _rest_xml}
    response = writers[request.protocol](request, error, status, shape)
    response.headers["x-amz-request-id" if request.s3 else "x-amzn-RequestId"] = str(uuid.uuid4())
    return response


def malformed_response(request: AwsRequest, status: int) -> Response:
    """Return a response of the called service's content type whose body is only the first character of one."""
    kinds = {
        "query": ("<", "text/xml"),
        "json": ("{", _json_type(request)),
        "rest-json": ("{", "application/json"),
        "rest-xml": ("<", "application/xml"),
    }
    body, content_type = kinds[request.protocol]
    return Response(body, status, content_type=content_type)


def _model_shape(request: AwsRequest, code: str) -> StructureShape | None:
    return _error_shapes(request.service.service_name).get(code) if request.service else None


@functools.cache
def _error_shapes(service: str) -> dict[str, StructureShape]:
    # By both names, because query services send the model's `error.code`, the others the shape's name, and a fault may
    # be set by either.
    shapes = cast("list[StructureShape]", get_service_model(service).error_shapes)
    return {name: shape for shape in shapes for name in (shape.error_code, shape.name)}


def _status(request: AwsRequest, code: str, shape: StructureShape | None) -> int:
    if shape is not None:
        return int(shape.metadata.get("error", {}).get("httpStatusCode", _DEFAULT_STATUS))
    if request.s3:
        return next((status for known, status, _ in _OF_S3.values() if known == code), _DEFAULT_STATUS)
    return _SHARED_STATUS.get(code, (_DEFAULT_STATUS,) * 3)[_PROTOCOLS.index(request.protocol)]


def _query(request: AwsRequest, error: AwsError, status: int, shape: StructureShape | None) -> Response:
    namespace = request.service.metadata.get("xmlNamespace", "") if request.service else ""
    body = _query_body(shape.error_code if shape else error.code, error.message, status, namespace)
    return Response(body, status, content_type="text/xml")


def _query_body(code: str, message: str, status: int, namespace: str) -> str:
    fault = "Receiver" if status >= 500 else "Sender"  # noqa: PLR2004 - HTTP: the server's errors
    return (
        f'<ErrorResponse xmlns="{escape(namespace)}"><Error><Type>{fault}</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )


def _json(request: AwsRequest, error: AwsError, status: int, shape: StructureShape | None) -> Response:
    body = {"__type": error.code, "Message" if shape else "message": error.message}
    return Response(json.dumps(body), status, content_type=_json_type(request))


def _json_type(request: AwsRequest) -> str:
    version = request.service.metadata.get("jsonVersion") if request.service else None
    return f"application/x-amz-json-{version or '1.1'}"


def _rest_json(_: AwsRequest, error: AwsError, status: int, shape: StructureShape | None) -> Response:
    body = {"message": error.message}
    if shape is not None:
        # Chime's Code is the exception's name without its endings: Throttled for ThrottledClientException.
        body = {"Code": error.code.removesuffix("Exception").removesuffix("Client"), "Message": error.message}
    return Response(json.dumps(body), status, {"x-amzn-ErrorType": error.code}, content_type="application/json")


def _rest_xml(request: AwsRequest, error: AwsError, status: int, _: StructureShape | None) -> Response:
    if request.http_request.method == "HEAD":
        return Response(status=status, content_type="application/xml")
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(error.code)}</Code>'
        f"<Message>{escape(error.message)}</Message><RequestId>{uuid.uuid4()}</RequestId></Error>"
    )
    return Response(body, status, content_type="application/xml")
