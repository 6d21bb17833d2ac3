"""The way of a request through API Gateway."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local.api_gateway.authorizers import Authorizers
from local.api_gateway.events import ApiRequest, matches, proxy_event
from local.api_gateway.gateway_responses import GatewayError, HttpResponse, render
from local.api_gateway.integration_responses import read_proxy_response
from local.api_gateway.request import read_request
from local.http.bodies import BodyTooLargeError, BodyUnreadableError, read_body
from local.lambda_runtime.process import CallerTimeoutError, FunctionFailedError, FunctionThrottledError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from local.api_gateway.authorizers import Invoke
    from local.api_gateway.definition import Api
    from local.api_gateway.request import HttpRequest


class Gateway:
    """
    A REST API as a WSGI application, on the root path as behind a custom domain.

    Left out: throttling, usage plans and API keys, request validation, WAF, resource policies, access logs.
    """

    def __init__(self, api: Api, invoke: Invoke) -> None:
        """Serve *api*; *invoke* takes a function's logical id, an event and the patience in seconds."""
        self._api = api
        self._invoke = invoke
        self._authorizers = Authorizers(invoke)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = read_request(environ)
        try:
            answer = self._answer(request, environ)
        except GatewayError as refusal:
            answer = render(refusal, request, self._api.responses, self._context(request))
        return _send(answer, request, start_response)

    def _answer(self, request: HttpRequest, environ: WSGIEnvironment) -> HttpResponse:
        try:
            body = read_body(environ)
        except BodyTooLargeError as error:
            raise GatewayError("REQUEST_TOO_LARGE", "Request Too Long") from error
        except BodyUnreadableError as error:
            raise GatewayError("BAD_REQUEST_BODY", "Bad Request") from error
        call = self._route(request)
        authorizer = self._api.authorizers[call.route.authorizer] if call.route.authorizer else None
        context = self._authorizers.admit(authorizer, call) if authorizer else None
        returned = self._integrate(call, proxy_event(call, context, body))
        return read_proxy_response(
            returned, request.id, binary=matches(request.header("Accept"), self._api.binary_types)
        )

    def _route(self, request: HttpRequest) -> ApiRequest:
        found = [(route, match_path(route.path, request.path)) for route in self._api.routes]
        calls = [
            ApiRequest(self._api, route, request, parameters)
            for route, parameters in found
            if parameters is not None and route.method in (request.method, "ANY")
        ]
        if not calls:
            raise _nothing_there(request)
        return min(calls, key=_vagueness)

    def _integrate(self, call: ApiRequest, event: Mapping[str, Any]) -> Any:
        try:
            return self._invoke(call.route.function, event, call.route.timeout)
        except CallerTimeoutError as error:
            raise GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out") from error
        except FunctionThrottledError as error:
            # Inferred, as is the type: the status is said to be 500.
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error") from error
        except FunctionFailedError as error:
            # The function's own timeout too, as long as it is shorter than API Gateway's patience.
            raise GatewayError("DEFAULT_5XX", "Internal server error") from error

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "accountId": self._api.account,
            "apiId": self._api.id,
            "extendedRequestId": request.id,
            "httpMethod": request.method,
            "identity": {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")},
            "path": f"/{self._api.stage}{request.path}",
            "requestId": request.id,
            "stage": self._api.stage,
        }


def _nothing_there(request: HttpRequest) -> GatewayError:
    """Return what API Gateway says of an unknown path or method, as if it were a call that has to be signed."""
    if request.header("Authorization"):
        # Inferred from reports: any such header is read as an AWS signature. The message holds no part of it here.
        return GatewayError("INVALID_SIGNATURE", "Authorization header requires 'Credential' parameter.")
    return GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")


def match_path(template: str, path: str) -> dict[str, str] | None:
    """Return the parameters with which *template* (`/users/{id}`, `/{rest+}`) gives *path*, or None."""
    wanted, given = template.split("/"), path.split("/")
    parameters: dict[str, str] = {}
    for position, part in enumerate(wanted):
        if part.endswith("+}") and len(given) > position:
            return parameters | {part[1:-2]: "/".join(given[position:])}
        if position >= len(given):
            return None
        if part.startswith("{") and given[position]:
            parameters[part[1:-1]] = given[position]
        elif part != given[position]:
            return None
    return parameters if len(wanted) == len(given) else None


def _vagueness(call: ApiRequest) -> tuple[bool, int, bool]:
    return "+}" in call.route.path, len(call.path_parameters), call.route.method == "ANY"


def _send(answer: HttpResponse, request: HttpRequest, start_response: StartResponse) -> Iterable[bytes]:
    phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Unknown"
    length = ("Content-Length", str(len(answer.body)))
    start_response(f"{answer.status} {phrase}", [*answer.headers, length])
    return [] if request.method == "HEAD" else [answer.body]
