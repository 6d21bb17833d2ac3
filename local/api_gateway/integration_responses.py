"""
Turn what a function behind a proxy integration returned into an HTTP response.

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
"""Headers that reach the client as x-amzn-Remapped-<name>."""
DROPPED = frozenset({"transfer-encoding"})


class MalformedProxyResponseError(Exception):
    """A function's answer is not of the form that API Gateway reads."""


def read_proxy_response(returned: object, request_id: str, *, binary: bool) -> HttpResponse:
    """
    Return the response that a function *returned*; *binary*: whether base64 is to be decoded for this client.

    Raises:
        GatewayError: The answer is malformed (502), or is no base64 (500).
    """
    try:
        members = _members(returned)
        status = _status(members.get("statusCode"))
        headers = _headers(members.get("headers"), members.get("multiValueHeaders"))
        body = _body(members, binary=binary)
    except MalformedProxyResponseError as error:
        raise GatewayError("DEFAULT_5XX", "Internal server error") from error
    own = [("x-amzn-RequestId", request_id)]
    if not any(name.lower() == "content-type" for name, _ in headers):
        own.append(("Content-Type", "application/json"))
    return HttpResponse(status, own + headers, body)


def _members(returned: object) -> Mapping[str, Any]:
    if not isinstance(returned, dict) or not returned.keys() <= MEMBERS:
        raise MalformedProxyResponseError("not an object, or with members of another kind of API")
    return returned


def _status(said: object) -> int:
    # Without one API Gateway answers 200 (inferred).
    status = 200 if said is None else said
    if isinstance(status, bool) or not isinstance(status, (int, str)) or not str(status).isdecimal():
        raise MalformedProxyResponseError("statusCode is no number")
    return int(status)


def _headers(single: object, multiple: object) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, values in _object(multiple).items() for value in _listed(values)]
    pairs += [pair for pair in _object(single).items() if pair not in pairs]
    return [(_renamed(name), _text(value)) for name, value in pairs if name.lower() not in DROPPED]


def _object(said: object) -> dict[str, Any]:
    if said is not None and not isinstance(said, dict):
        raise MalformedProxyResponseError("headers are no object")
    return said or {}


def _listed(values: object) -> list[Any]:
    if not isinstance(values, list):
        raise MalformedProxyResponseError("multiValueHeaders holds something else than lists")
    return values


def _renamed(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Numbers are refused (inferred): who sends them by accident learns it here, not on AWS.
    if not isinstance(value, str):
        raise MalformedProxyResponseError("a header is no text")
    return value


def _body(members: Mapping[str, Any], *, binary: bool) -> bytes:
    body = members.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedProxyResponseError("body is no text")
    if not (members.get("isBase64Encoded") and binary):
        return (body or "").encode()
    try:
        return base64.b64decode(body or "", validate=True)
    except ValueError as error:
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from error
