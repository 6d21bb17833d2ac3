"""Read the API: routes, authorizers and gateway responses, from the OpenAPI body that SAM generates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ANY_METHOD = "x-amazon-apigateway-any-method"
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", ANY_METHOD})
DEFAULT_TTL_SECONDS = 300
DEFAULT_INTEGRATION_SECONDS = 29.0

_FUNCTION_IN_URI = re.compile(r"/functions/(?P<arn>[^/]+)/invocations$")


class UnsupportedApiError(Exception):
    """The API uses something that API Gateway knows and this one does not; the text says what and where."""


@dataclass(frozen=True)
class Route:
    """
    One method of one path.

    *path* may hold `{name}` and, at its end, `{name+}`; *method* is upper case, or ANY; *function* is a logical id;
    *timeout* is how long API Gateway waits for it, in seconds.
    """

    method: str
    path: str
    function: str
    authorizer: str | None
    timeout: float = DEFAULT_INTEGRATION_SECONDS


@dataclass(frozen=True)
class AuthorizerDefinition:
    """A Lambda authorizer of type REQUEST. *sources* are expressions such as `method.request.header.Authorization`."""

    name: str
    function: str
    sources: tuple[str, ...]
    ttl: int


@dataclass(frozen=True)
class GatewayResponse:
    """
    What API Gateway answers by itself in one situation.

    *headers* maps names to expressions (`'static'` or `method.request.header.<name>`), *templates* maps content
    types to bodies; no *status* leaves the situation's own.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Api:
    """A deployed REST API. *responses* has the gateway responses by type, *authorizers* the authorizers by name."""

    id: str
    region: str
    account: str
    stage: str
    routes: tuple[Route, ...]
    authorizers: Mapping[str, AuthorizerDefinition]
    responses: Mapping[str, GatewayResponse]
    binary_types: frozenset[str] = frozenset()
    stage_variables: Mapping[str, str] = field(default_factory=dict)


def read_routes(body: Mapping[str, Any], function_of: Callable[[str], str]) -> tuple[Route, ...]:
    """
    Return the routes of an OpenAPI *body* without intrinsics; *function_of* turns an ARN into a logical id.

    Raises:
        UnsupportedApiError: A method's integration is not with a Lambda function in proxy mode.
    """
    return tuple(_read_route(body, *found, function_of) for found in _methods(body))


def read_authorizers(body: Mapping[str, Any], function_of: Callable[[str], str]) -> dict[str, AuthorizerDefinition]:
    """
    Return the authorizers of an OpenAPI *body* by name.

    Raises:
        UnsupportedApiError: An authorizer is not a Lambda function of type REQUEST.
    """
    schemes = body.get("components", {}).get("securitySchemes", {}) | body.get("securityDefinitions", {})
    found = {name: scheme.get("x-amazon-apigateway-authorizer") for name, scheme in schemes.items()}
    return {name: _read_authorizer(name, said, function_of) for name, said in found.items() if said}


def read_responses(body: Mapping[str, Any]) -> dict[str, GatewayResponse]:
    """
    Return the gateway responses of an OpenAPI *body* by type.

    Raises:
        UnsupportedApiError: A header comes from elsewhere than a static value or the request's headers.
    """
    said = body.get("x-amazon-apigateway-gateway-responses", {})
    return {kind: _read_response(kind, response) for kind, response in said.items()}


def _methods(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            if method in METHODS:
                yield path, method, operation


def _read_route(
    body: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], function_of: Callable[[str], str]
) -> Route:
    where = f"{method.upper()} {path}"
    integration = operation.get("x-amazon-apigateway-integration", {})
    if integration.get("type", "").lower() != "aws_proxy":
        raise UnsupportedApiError(f"{where}: only integrations with Lambda functions (aws_proxy) run here")
    return Route(
        method="ANY" if method == ANY_METHOD else method.upper(),
        path=path,
        function=_function(integration["uri"], where, function_of),
        authorizer=_authorizer_name(operation.get("security", body.get("security", [])), where),
        timeout=float(integration.get("timeoutInMillis", DEFAULT_INTEGRATION_SECONDS * 1000)) / 1000,
    )


def _authorizer_name(security: list[Mapping[str, Any]], where: str) -> str | None:
    names = [name for requirement in security for name in requirement]
    if len(names) > 1:
        raise UnsupportedApiError(f"{where}: several authorizers on one route ({', '.join(names)})")
    # NONE is how SAM writes down that a route opted out of the default authorizer.
    return next((name for name in names if name != "NONE"), None)


def _read_authorizer(name: str, said: Mapping[str, Any], function_of: Callable[[str], str]) -> AuthorizerDefinition:
    if said.get("type") != "request":
        raise UnsupportedApiError(f"authorizer {name}: only Lambda authorizers with payload type REQUEST run here")
    return AuthorizerDefinition(
        name=name,
        function=_function(said["authorizerUri"], f"authorizer {name}", function_of),
        sources=tuple(source.strip() for source in said.get("identitySource", "").split(",") if source.strip()),
        ttl=int(said.get("authorizerResultTtlInSeconds", DEFAULT_TTL_SECONDS)),
    )


def _function(uri: str, where: str, function_of: Callable[[str], str]) -> str:
    match = _FUNCTION_IN_URI.search(uri)
    if not match:
        raise UnsupportedApiError(f"{where}: {uri} is no Lambda function")
    return function_of(match["arn"])


def _read_response(kind: str, said: Mapping[str, Any]) -> GatewayResponse:
    prefix = "gatewayresponse.header."
    parameters = said.get("responseParameters", {})
    headers = {name.removeprefix(prefix): str(value) for name, value in parameters.items()}
    for name, value in headers.items():
        if not (value.startswith("'") and value.endswith("'")) and not value.startswith("method.request.header."):
            raise UnsupportedApiError(f"gateway response {kind}: {name} cannot come from {value} here")
    status = said.get("statusCode")
    return GatewayResponse(int(status) if status else None, headers, said.get("responseTemplates", {}))
