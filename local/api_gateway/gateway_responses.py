"""
What API Gateway answers by itself: gateway responses.

Source: AWS, "Gateway response types for API Gateway". The values of `x-amzn-ErrorType` were seen for the common
types and are inferred for the others.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.api_gateway.definition import GatewayResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.api_gateway.request import HttpRequest

JSON = "application/json"
_VARIABLE = re.compile(r"\$context\.(\w+(?:\.\w+)*)")


@dataclass(frozen=True)
class _Kind:
    status: int
    error_type: str


RESPONSE_TYPES: Mapping[str, _Kind] = {
    "ACCESS_DENIED": _Kind(403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": _Kind(500, "ApiConfigurationException"),
    "AUTHORIZER_CONFIGURATION_ERROR": _Kind(500, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": _Kind(500, "AuthorizerFailureException"),
    "BAD_REQUEST_BODY": _Kind(400, "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": _Kind(400, "BadRequestException"),
    "DEFAULT_5XX": _Kind(502, "InternalServerErrorException"),
    "EXPIRED_TOKEN": _Kind(403, "ExpiredTokenException"),
    "INTEGRATION_FAILURE": _Kind(504, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": _Kind(504, "InternalServerErrorException"),
    "INVALID_API_KEY": _Kind(403, "ForbiddenException"),
    "INVALID_SIGNATURE": _Kind(403, "IncompleteSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": _Kind(403, "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": _Kind(429, "LimitExceededException"),
    "REQUEST_TOO_LARGE": _Kind(413, "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": _Kind(404, "NotFoundException"),
    "THROTTLED": _Kind(429, "TooManyRequestsException"),
    "UNAUTHORIZED": _Kind(401, "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _Kind(415, "UnsupportedMediaTypeException"),
    "WAF_FILTERED": _Kind(403, "ForbiddenException"),
}
"""
All types, with their own status codes, whether or not this gateway raises them.

DEFAULT_5XX, which has none of its own, stands for a function that failed.
"""


class GatewayError(Exception):
    """
    API Gateway answers by itself.

    *kind* is the gateway response type, *message* AWS's own text (None: null), *authorizer* the authorizer's context.
    """

    def __init__(self, kind: str, message: str | None, authorizer: Mapping[str, Any] | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.message = message
        self.authorizer = authorizer or {}


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def render(
    refusal: GatewayError, request: HttpRequest, said: Mapping[str, GatewayResponse], context: Mapping[str, Any]
) -> HttpResponse:
    """
    Return the answer to a refused request, as the API's gateway responses (*said*) want it.

    *context* is what templates may name as `$context.…`, beside `error` and `authorizer`.
    """
    own = RESPONSE_TYPES[refusal.kind]
    default = said.get("DEFAULT_4XX" if own.status < 500 else "DEFAULT_5XX", GatewayResponse())  # noqa: PLR2004
    response = said.get(refusal.kind, default)
    content_type, template = _template(response.templates, request.header("Accept"))
    known = {**context, "error": _error(refusal), "authorizer": refusal.authorizer}
    body = substitute(template, known) if template else _aws_body(refusal)
    headers = [
        ("x-amzn-RequestId", request.id),
        ("x-amzn-ErrorType", own.error_type),
        ("Content-Type", content_type),
        *_headers(response.headers, request),
    ]
    return HttpResponse(response.status or default.status or own.status, headers, body.encode())


def substitute(template: str, context: Mapping[str, Any]) -> str:
    """
    Return *template* with each `$context.name.name` replaced, and nothing escaped.

    What is not known becomes nothing (inferred).
    """
    return _VARIABLE.sub(lambda match: _look_up(match[1].split("."), context), template)


def _look_up(names: list[str], context: Any) -> str:
    for name in names:
        context = context.get(name) if isinstance(context, dict) else None
    return "" if context is None else str(context)


def _template(templates: Mapping[str, str], accept: str | None) -> tuple[str, str | None]:
    wanted = (accept or "").split(",")[0].split(";")[0].strip()
    content_type = wanted if wanted in templates else JSON
    return content_type, templates.get(content_type)


def _error(refusal: GatewayError) -> dict[str, Any]:
    return {
        "message": refusal.message,
        "messageString": json.dumps(refusal.message),
        "responseType": refusal.kind,
    }


def _aws_body(refusal: GatewayError) -> str:
    # Lambda authorizers' refusals are said to be the one body with a capital letter.
    name = "Message" if refusal.kind == "ACCESS_DENIED" else "message"
    return json.dumps({name: refusal.message}, separators=(",", ":"))


def _headers(expressions: Mapping[str, str], request: HttpRequest) -> list[tuple[str, str]]:
    values = [(name, _header(expression, request)) for name, expression in expressions.items()]
    return [(name, value) for name, value in values if value is not None]


def _header(expression: str, request: HttpRequest) -> str | None:
    if expression.startswith("'"):
        return expression[1:-1]
    return request.header(expression.removeprefix("method.request.header."))
