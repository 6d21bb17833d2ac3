"""The events that API Gateway sends to functions: for an authorizer and for a proxy integration."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.api_gateway.definition import Api, Route
    from local.api_gateway.request import HttpRequest

WITHHELD_HEADERS = frozenset(
    {
        "connection", "content-length", "content-md5", "expect", "max-forwards", "proxy-authenticate", "server",
        "te", "trailer", "transfer-encoding", "upgrade", "www-authenticate",
    }
)  # fmt: skip
"""Headers of a request that no function gets to see. Source: AWS, "Amazon API Gateway important notes"."""


@dataclass(frozen=True)
class ApiRequest:
    """A request that has found its route."""

    api: Api
    route: Route
    request: HttpRequest
    path_parameters: Mapping[str, str]

    @property
    def arn(self) -> str:
        """The method's ARN, which an authorizer's policy has to name."""
        api, request = self.api, self.request
        base = f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}"
        return f"{base}/{api.stage}/{request.method}{request.path}"


def authorizer_event(call: ApiRequest) -> dict[str, Any]:
    """Return what a REQUEST authorizer receives. Source: AWS, "Input to an API Gateway Lambda authorizer"."""
    return {"type": "REQUEST", "methodArn": call.arn} | _common(call) | {"requestContext": _context(call)}


def proxy_event(call: ApiRequest, authorizer: Mapping[str, Any] | None, body: bytes) -> dict[str, Any]:
    """
    Return what a function behind a proxy integration receives; *authorizer* is the authorizer's context.

    Source: AWS, "Input format of a Lambda function for proxy integration".
    """
    nothing = {name: value or None for name, value in _common(call).items()}
    context = _context(call) | ({} if authorizer is None else {"authorizer": dict(authorizer)})
    return nothing | {"requestContext": context} | _body(call, body)


def _common(call: ApiRequest) -> dict[str, Any]:
    request = call.request
    headers = [(name, value) for name, value in _sent_on(request) if name.lower() not in WITHHELD_HEADERS]
    return {
        "resource": call.route.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(request.query),
        "multiValueQueryStringParameters": _lists(request.query),
        "pathParameters": dict(call.path_parameters),
        "stageVariables": dict(call.api.stage_variables),
    }


def _sent_on(request: HttpRequest) -> list[tuple[str, str]]:
    host = request.header("Host") or ""
    port = host.rpartition(":")[2] if ":" in host else "80"
    return [
        *request.headers,
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http"),
    ]


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def _context(call: ApiRequest) -> dict[str, Any]:
    api, request = call.api, call.request
    host = request.header("Host") or ""
    return {
        "accountId": api.account,
        "apiId": api.id,
        "deploymentId": "local",
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "extendedRequestId": request.id,
        "httpMethod": request.method,
        "identity": _identity(request),
        "path": f"/{api.stage}{request.path}",
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(request.received)),
        "requestTimeEpoch": int(request.received * 1000),
        "resourceId": "local",
        "resourcePath": call.route.path,
        "stage": api.stage,
    }


def _identity(request: HttpRequest) -> dict[str, str | None]:
    unknown = [
        "accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
    ]  # fmt: skip
    return dict.fromkeys(unknown) | {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")}


def _body(call: ApiRequest, body: bytes) -> dict[str, Any]:
    if not body:
        return {"body": None, "isBase64Encoded": False}
    if matches(call.request.header("Content-Type"), call.api.binary_types):
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    # What becomes of bytes that are no text is inferred; nothing of ours reads them.
    return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}


def matches(header: str | None, types: Iterable[str]) -> bool:
    """Tell whether the first media type of a Content-Type or Accept header is one of *types* (`*/*`: any)."""
    media_type = (header or "").split(",")[0].split(";")[0].strip().lower()
    return any(known in ("*/*", media_type) for known in types)
