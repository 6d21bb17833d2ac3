"""
Integration responses: turn what a function behind a proxy integration returned into an HTTP response.

Source: AWS, "Output format of a Lambda function for proxy integration" and "Amazon API Gateway important notes".
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from local.api_gateway.gateway_responses import GatewayError, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
REMAPPED = frozenset(
    {
        "authorization", "connection", "content-length", "content-md5", "date", "expect", "host", "max-forwards",
        "proxy-authenticate", "server", "trailer", "upgrade", "user-agent", "www-authenticate",
    }
)  # fmt: skip
"""Headers that the client receives as x-amzn-Remapped-<name>."""
DROPPED = frozenset({"transfer-encoding"})


class MalformedProxyResponseError(Exception):
    """A function returned something that API Gateway does not accept as a proxy response."""


def read_proxy_response(returned: object, request_id: str, *, binary: bool) -> HttpResponse:
    """
    Return what a function *returned* as a response. *binary* tells whether to decode base64 for this client.

    Raises:
        GatewayError: The proxy response is malformed (502), or its body is not base64 although it says so (500).
    """
    try:
        members = _members(returned)
        status = _status(members.get("statusCode"))
        headers = _headers(members.get("headers"), members.get("multiValueHeaders"))
        body = _body(members, binary=binary)
    except MalformedProxyResponseError as error:
        raise GatewayError("DEFAULT_5XX", "Internal server error") from error
    added = [("x-amzn-RequestId", request_id)]
    if not any(name.lower() == "content-type" for name, _ in headers):
        added.append(("Content-Type", "application/json"))
    return HttpResponse(status, added + headers, body)


def _members(returned: object) -> Mapping[str, Any]:
    if not isinstance(returned, dict) or not returned.keys() <= MEMBERS:
        raise MalformedProxyResponseError("it is not an object, or has members that a REST API does not know")
    return returned


def _status(status_code: object) -> int:
    # Inferred: without a statusCode API Gateway answers 200.
    status = 200 if status_code is None else status_code
    if isinstance(status, bool) or not isinstance(status, (int, str)) or not str(status).isdecimal():
        raise MalformedProxyResponseError("statusCode is not a number")
    return int(status)


def _headers(single: object, multiple: object) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, values in _object(multiple).items() for value in _list(values)]
    pairs += [pair for pair in _object(single).items() if pair not in pairs]
    return [(_renamed(name), _text(value)) for name, value in pairs if name.lower() not in DROPPED]


def _object(headers: object) -> dict[str, Any]:
    if headers is not None and not isinstance(headers, dict):
        raise MalformedProxyResponseError("headers are not an object")
    return headers or {}


def _list(values: object) -> list[Any]:
    if not isinstance(values, list):
        raise MalformedProxyResponseError("the values of multiValueHeaders are not lists")
    return values


def _renamed(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Inferred: numbers are an error. A function that returns one by mistake fails here already, not first on AWS.
    if not isinstance(value, str):
        raise MalformedProxyResponseError("a header is not a string")
    return value


def _body(members: Mapping[str, Any], *, binary: bool) -> bytes:
    body = members.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedProxyResponseError("body is not a string")
    if not (members.get("isBase64Encoded") and binary):
        return (body or "").encode()
    try:
        return base64.b64decode(body or "", validate=True)
    except ValueError as error:
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from error
