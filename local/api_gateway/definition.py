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
    """The API uses a feature of API Gateway that is not emulated here; the text says which, and where."""


@dataclass(frozen=True)
class Route:
    """
    One method of one path.

    *method* is in upper case, or ANY. *path* may contain `{name}` and end with `{name+}`. *function* is a logical id.
    *timeout* is how many seconds API Gateway waits for the function.
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
    How the API configures one type of gateway response.

    *status* replaces the type's default status. *headers* maps names to expressions: `'static'` or
    `method.request.header.<name>`. *templates* maps content types to bodies.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Api:
    """A deployed REST API, with its authorizers by name and its gateway responses by type."""

    id: str
    region: str
    account: str
    stage: str
    routes: tuple[Route, ...]
    authorizers: Mapping[str, AuthorizerDefinition]
    responses: Mapping[str, GatewayResponse]
    binary_types: frozenset[str] = frozenset()
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    access_log_format: str = ""
    """The format of the stage's access log; empty if there is none."""


def read_routes(body: Mapping[str, Any], function_of: Callable[[str], str]) -> tuple[Route, ...]:
    """
    Return the routes of an OpenAPI *body* whose intrinsics are resolved. *function_of* maps ARNs to logical ids.

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
    return {name: _read_authorizer(name, scheme, function_of) for name, scheme in found.items() if scheme}


def read_responses(body: Mapping[str, Any]) -> dict[str, GatewayResponse]:
    """
    Return the gateway responses of an OpenAPI *body* by type.

    Raises:
        UnsupportedApiError: A header is neither a static value nor copied from the request.
    """
    configured = body.get("x-amazon-apigateway-gateway-responses", {})
    return {name: _read_response(name, response) for name, response in configured.items()}


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
    # SAM writes NONE for a route that does not use the default authorizer.
    return next((name for name in names if name != "NONE"), None)


def _read_authorizer(name: str, scheme: Mapping[str, Any], function_of: Callable[[str], str]) -> AuthorizerDefinition:
    if scheme.get("type") != "request":
        raise UnsupportedApiError(f"authorizer {name}: only Lambda authorizers with payload type REQUEST run here")
    return AuthorizerDefinition(
        name=name,
        function=_function(scheme["authorizerUri"], f"authorizer {name}", function_of),
        sources=tuple(source.strip() for source in scheme.get("identitySource", "").split(",") if source.strip()),
        ttl=int(scheme.get("authorizerResultTtlInSeconds", DEFAULT_TTL_SECONDS)),
    )


def _function(uri: str, where: str, function_of: Callable[[str], str]) -> str:
    match = _FUNCTION_IN_URI.search(uri)
    if not match:
        raise UnsupportedApiError(f"{where}: {uri} is not a Lambda function")
    return function_of(match["arn"])


def _read_response(response_type: str, response: Mapping[str, Any]) -> GatewayResponse:
    prefix = "gatewayresponse.header."
    parameters = response.get("responseParameters", {})
    headers = {name.removeprefix(prefix): str(value) for name, value in parameters.items()}
    for name, value in headers.items():
        if not (value.startswith("'") and value.endswith("'")) and not value.startswith("method.request.header."):
            raise UnsupportedApiError(f"gateway response {response_type}: {name} cannot come from {value} here")
    status = response.get("statusCode")
    return GatewayResponse(int(status) if status else None, headers, response.get("responseTemplates", {}))
