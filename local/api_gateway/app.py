"""Take a request through API Gateway: route, authorizer, function, response."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local.api_gateway.access_log import AccessLog
from local.api_gateway.authorizers import Authorizers
from local.api_gateway.events import ApiRequest, matches, proxy_event
from local.api_gateway.gateway_responses import GatewayError, HttpResponse, render
from local.api_gateway.integration_responses import read_proxy_response
from local.api_gateway.request import read_request
from local.http.bodies import BodyTooLargeError, BodyUnreadableError, read_body
from local.lambda_runtime.process import CallerTimeoutError, FunctionFailedError, FunctionThrottledError, to_stderr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from local.api_gateway.access_log import AccessLogEntry
    from local.api_gateway.authorizers import Invoke
    from local.api_gateway.definition import Api
    from local.api_gateway.request import HttpRequest
    from local.lambda_runtime.process import LogSink


class Gateway:
    """
    A REST API as a WSGI application. As behind a custom domain, its paths do not begin with the stage.

    Not emulated: throttling, usage plans and API keys, request validation, WAF, resource policies.
    """

    def __init__(self, api: Api, invoke: Invoke, log: LogSink = to_stderr) -> None:
        """
        Serve *api*. *invoke* takes a function's logical id, an event, and how many seconds to wait.

        *log* receives the lines of the access log, if the API has one.
        """
        self._api = api
        self._access_log = AccessLog(api.access_log_format, log)
        self._invoke = invoke
        self._authorizers = Authorizers(invoke)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        http = read_request(environ)
        entry = self._access_log.entry(http)
        try:
            response = self._respond(http, environ, entry)
        except GatewayError as error:
            entry.failed(error)
            response = render(error, http, self._api.responses, self._context(http))
        self._access_log.write(entry, response.status)
        return _send(response, http, start_response)

    def _respond(self, http: HttpRequest, environ: WSGIEnvironment, entry: AccessLogEntry) -> HttpResponse:
        try:
            body = read_body(environ)
        except BodyTooLargeError as error:
            raise GatewayError("REQUEST_TOO_LARGE", "Request Too Long") from error
        except BodyUnreadableError as error:
            raise GatewayError("BAD_REQUEST_BODY", "Bad Request") from error
        request = self._route(http)
        entry.matched(request.route.path)
        context = self._authorize(request, entry)
        with entry.calling("integration"):
            returned = self._integrate(request, proxy_event(request, context, body))
        return read_proxy_response(returned, http.id, binary=matches(http.header("Accept"), self._api.binary_types))

    def _authorize(self, request: ApiRequest, entry: AccessLogEntry) -> dict[str, Any] | None:
        if not request.route.authorizer:
            return None
        with entry.calling("authorizer"):
            return self._authorizers.authorize(self._api.authorizers[request.route.authorizer], request)

    def _route(self, http: HttpRequest) -> ApiRequest:
        found = [(route, match_path(route.path, http.path)) for route in self._api.routes]
        candidates = [
            ApiRequest(self._api, route, http, parameters)
            for route, parameters in found
            if parameters is not None and route.method in (http.method, "ANY")
        ]
        if not candidates:
            raise _route_not_found(http)
        return min(candidates, key=_generality)

    def _integrate(self, request: ApiRequest, event: Mapping[str, Any]) -> Any:
        try:
            return self._invoke(request.route.function, event, request.route.timeout)
        except CallerTimeoutError as error:
            raise GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out") from error
        except FunctionThrottledError as error:
            # Inferred: AWS documents that the status is 500, but neither the response type nor the message.
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error") from error
        except FunctionFailedError as error:
            # This includes the function's own timeout, if it ends before the integration's.
            raise GatewayError("DEFAULT_5XX", "Internal server error") from error

    def _context(self, http: HttpRequest) -> dict[str, Any]:
        return {
            "accountId": self._api.account,
            "apiId": self._api.id,
            "extendedRequestId": http.id,
            "httpMethod": http.method,
            "identity": {"sourceIp": http.source_ip, "userAgent": http.header("User-Agent")},
            "path": f"/{self._api.stage}{http.path}",
            "requestId": http.id,
            "stage": self._api.stage,
        }


def _route_not_found(http: HttpRequest) -> GatewayError:
    """Return the error for an unknown path or method: API Gateway treats it as a request that IAM has to allow."""
    if http.header("Authorization"):
        # Inferred from reports: API Gateway reads every such header as an AWS signature, and quotes it. We do not.
        return GatewayError("INVALID_SIGNATURE", "Authorization header requires 'Credential' parameter.")
    return GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")


def match_path(template: str, path: str) -> dict[str, str] | None:
    """Return the parameters of *path* if it matches *template* (`/users/{id}`, `/{rest+}`), or None."""
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


def _generality(request: ApiRequest) -> tuple[bool, int, bool]:
    return "+}" in request.route.path, len(request.path_parameters), request.route.method == "ANY"


def _send(response: HttpResponse, http: HttpRequest, start_response: StartResponse) -> Iterable[bytes]:
    phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "Unknown"
    length = ("Content-Length", str(len(response.body)))
    start_response(f"{response.status} {phrase}", [*response.headers, length])
    return [] if http.method == "HEAD" else [response.body]
