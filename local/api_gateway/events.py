"""The events that API Gateway sends to functions: for an authorizer and for a proxy integration."""

from __future__ import annotations

import base64
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
"""Headers of a request that are not passed to functions. Source: AWS, "Amazon API Gateway important notes"."""


@dataclass(frozen=True)
class ApiRequest:
    """A request to a route of the API."""

    api: Api
    route: Route
    http: HttpRequest
    path_parameters: Mapping[str, str]

    @property
    def arn(self) -> str:
        """The ARN of the method, which the policy of an authorizer must name."""
        api, http = self.api, self.http
        base = f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}"
        return f"{base}/{api.stage}/{http.method}{http.path}"


def authorizer_event(request: ApiRequest) -> dict[str, Any]:
    """Return what a REQUEST authorizer receives. Source: AWS, "Input to an API Gateway Lambda authorizer"."""
    return {"type": "REQUEST", "methodArn": request.arn} | _common(request) | {"requestContext": _context(request)}


def proxy_event(request: ApiRequest, authorizer: Mapping[str, Any] | None, body: bytes) -> dict[str, Any]:
    """
    Return what a function behind a proxy integration receives; *authorizer* is the authorizer's context.

    Source: AWS, "Input format of a Lambda function for proxy integration".
    """
    common = {name: value or None for name, value in _common(request).items()}
    context = _context(request) | ({} if authorizer is None else {"authorizer": dict(authorizer)})
    return common | {"requestContext": context} | _body(request, body)


def _common(request: ApiRequest) -> dict[str, Any]:
    http = request.http
    headers = [(name, value) for name, value in _forwarded_headers(http) if name.lower() not in WITHHELD_HEADERS]
    return {
        "resource": request.route.path,
        "path": http.path,
        "httpMethod": http.method,
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(http.query),
        "multiValueQueryStringParameters": _lists(http.query),
        "pathParameters": dict(request.path_parameters),
        "stageVariables": dict(request.api.stage_variables),
    }


def _forwarded_headers(http: HttpRequest) -> list[tuple[str, str]]:
    host = http.header("Host") or ""
    port = host.rpartition(":")[2] if ":" in host else "80"
    return [
        *http.headers,
        ("X-Forwarded-For", http.source_ip),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http"),
    ]


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def _context(request: ApiRequest) -> dict[str, Any]:
    api, http = request.api, request.http
    host = http.header("Host") or ""
    return {
        "accountId": api.account,
        "apiId": api.id,
        "deploymentId": "local",
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "extendedRequestId": http.id,
        "httpMethod": http.method,
        "identity": _identity(http),
        "path": f"/{api.stage}{http.path}",
        "protocol": http.protocol,
        "requestId": http.id,
        "requestTime": http.request_time,
        "requestTimeEpoch": int(http.received * 1000),
        "resourceId": "local",
        "resourcePath": request.route.path,
        "stage": api.stage,
    }


def _identity(http: HttpRequest) -> dict[str, str | None]:
    unknown = [
        "accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
    ]  # fmt: skip
    return dict.fromkeys(unknown) | {"sourceIp": http.source_ip, "userAgent": http.header("User-Agent")}


def _body(request: ApiRequest, body: bytes) -> dict[str, Any]:
    if not body:
        return {"body": None, "isBase64Encoded": False}
    if matches(request.http.header("Content-Type"), request.api.binary_types):
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    # Inferred: what API Gateway does with bytes that are not UTF-8. None of our functions reads the body.
    return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}


def matches(header: str | None, types: Iterable[str]) -> bool:
    """Tell whether the first media type of a Content-Type or Accept header is in *types*, where `*/*` is any type."""
    media_type = (header or "").split(",")[0].split(";")[0].strip().lower()
    return any(known in ("*/*", media_type) for known in types)
