"""
Gateway responses: what API Gateway answers without a function, because something went wrong.

Source: AWS, "Gateway response types for API Gateway". The values of `x-amzn-ErrorType` were observed for the common
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
OK = 200
_VARIABLE = re.compile(r"\$context\.(\w+(?:\.\w+)*)")


@dataclass(frozen=True)
class _ResponseType:
    status: int
    error_type: str


RESPONSE_TYPES: Mapping[str, _ResponseType] = {
    "ACCESS_DENIED": _ResponseType(403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": _ResponseType(500, "ApiConfigurationException"),
    "AUTHORIZER_CONFIGURATION_ERROR": _ResponseType(500, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": _ResponseType(500, "AuthorizerFailureException"),
    "BAD_REQUEST_BODY": _ResponseType(400, "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": _ResponseType(400, "BadRequestException"),
    "DEFAULT_5XX": _ResponseType(502, "InternalServerErrorException"),
    "EXPIRED_TOKEN": _ResponseType(403, "ExpiredTokenException"),
    "INTEGRATION_FAILURE": _ResponseType(504, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": _ResponseType(504, "InternalServerErrorException"),
    "INVALID_API_KEY": _ResponseType(403, "ForbiddenException"),
    "INVALID_SIGNATURE": _ResponseType(403, "IncompleteSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": _ResponseType(403, "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": _ResponseType(429, "LimitExceededException"),
    "REQUEST_TOO_LARGE": _ResponseType(413, "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": _ResponseType(404, "NotFoundException"),
    "THROTTLED": _ResponseType(429, "TooManyRequestsException"),
    "UNAUTHORIZED": _ResponseType(401, "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _ResponseType(415, "UnsupportedMediaTypeException"),
    "WAF_FILTERED": _ResponseType(403, "ForbiddenException"),
}
"""
All types with their default status codes, whether or not this gateway uses them.

DEFAULT_5XX has no default status of its own. Here it is the type of the response for a function that failed.
"""


class GatewayError(Exception):
    """
    Raised to answer a request with a gateway response.

    *response_type* is the type of that response, *message* is AWS's text (None: null), *authorizer* is the context that
    the authorizer returned.
    """

    def __init__(self, response_type: str, message: str | None, authorizer: Mapping[str, Any] | None = None) -> None:
        super().__init__(response_type)
        self.response_type = response_type
        self.message = message
        self.authorizer = authorizer or {}


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def render(
    error: GatewayError, http: HttpRequest, configured: Mapping[str, GatewayResponse], context: Mapping[str, Any]
) -> HttpResponse:
    """
    Return the gateway response for *error*, as *configured* for the API, to the request *http*.

    *context* holds what templates may use as `$context.…`, in addition to `error` and `authorizer`.
    """
    builtin = RESPONSE_TYPES[error.response_type]
    default = configured.get("DEFAULT_4XX" if builtin.status < 500 else "DEFAULT_5XX", GatewayResponse())  # noqa: PLR2004
    response = configured.get(error.response_type, default)
    content_type, template = _template(response.templates, http.header("Accept"))
    variables = {**context, "error": _template_error(error), "authorizer": error.authorizer}
    body = substitute(template, variables) if template else _default_body(error)
    headers = [
        ("x-amzn-RequestId", http.id),
        ("x-amzn-ErrorType", builtin.error_type),
        ("Content-Type", content_type),
        *_headers(response.headers, http),
    ]
    return HttpResponse(response.status or default.status or builtin.status, headers, body.encode())


def substitute(template: str, context: Mapping[str, Any], unknown: str = "") -> str:
    """
    Return *template* with each `$context.name.name` replaced by its value, without escaping.

    An unknown name is replaced by *unknown*: by an empty string in gateway responses (inferred).
    """
    return _VARIABLE.sub(lambda match: _look_up(match[1].split("."), context, unknown), template)


def _look_up(names: list[str], context: Any, unknown: str) -> str:
    for name in names:
        context = context.get(name) if isinstance(context, dict) else None
    return unknown if context is None else str(context)


def _template(templates: Mapping[str, str], accept: str | None) -> tuple[str, str | None]:
    wanted = (accept or "").split(",")[0].split(";")[0].strip()
    content_type = wanted if wanted in templates else JSON
    return content_type, templates.get(content_type)


def _template_error(error: GatewayError) -> dict[str, Any]:
    return {
        "message": error.message,
        "messageString": json.dumps(error.message),
        "responseType": error.response_type,
    }


def _default_body(error: GatewayError) -> str:
    # Reports show that only the denial of a Lambda authorizer spells Message with a capital letter.
    name = "Message" if error.response_type == "ACCESS_DENIED" else "message"
    return json.dumps({name: error.message}, separators=(",", ":"))


def _headers(expressions: Mapping[str, str], http: HttpRequest) -> list[tuple[str, str]]:
    values = [(name, _header(expression, http)) for name, expression in expressions.items()]
    return [(name, value) for name, value in values if value is not None]


def _header(expression: str, http: HttpRequest) -> str | None:
    if expression.startswith("'"):
        return expression[1:-1]
    return http.header(expression.removeprefix("method.request.header."))
