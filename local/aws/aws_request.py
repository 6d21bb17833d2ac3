"""Parse an HTTP request to AWS: for which service and operation it is, with which parameters, signed by which key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from local.aws.authorization import Authorization, QueryAuthorization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.core.model import ServiceModel

    from local.aws.identities import CallerIdentity

SERVICES = {
    "sts": ("sts",),
    "chime": ("chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings"),
    "secretsmanager": ("secretsmanager",),
    "ssm": ("ssm",),
    "iam": ("iam",),
    "cloudformation": ("cloudformation",),
    "apigateway": ("apigateway",),
}
"""The services that are served here: by signing name, the names of botocore's services that share it."""

CONNECT = "Connect"
"""The one operation that no model has: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html."""
_CONNECT_PATH = "/connect"
_PROTOCOLS = {"application/x-www-form-urlencoded": "query", "application/x-amz-json-": "json"}
"""By the beginning of a request's content type."""


@dataclass
class AwsRequest:
    """
    A request, parsed once for all middlewares.

    `authorization` is what the request claims; `caller` is who sent it, and None until `authentication` has proved it.
    """

    http_request: Request
    body: bytes
    authorization: Authorization | None
    service: ServiceModel | None = None
    operation: OperationModel | None = None
    parameters: dict[str, Any] | None = field(default_factory=dict)
    """By their names in the operation's model; None if they cannot be parsed."""
    caller: CallerIdentity | None = None

    @classmethod
    def read(cls, environ: dict[str, Any]) -> AwsRequest:
        """Read the request with its body. What cannot be parsed is None; the middlewares answer that with an error."""
        http_request = Request(environ, populate_request=False)
        if (http_request.method, http_request.path) == ("GET", _CONNECT_PATH):
            return cls._connect(http_request)
        authorization = Authorization.parse(http_request.headers.get("Authorization"))
        request = cls(http_request, http_request.get_data(), authorization)
        for service in request._candidates():
            if request._is_for(service):
                break
        return request

    @classmethod
    def _connect(cls, http_request: Request) -> AwsRequest:
        service = get_service_model("chime-sdk-messaging")
        model = {"name": CONNECT, "http": {"method": "GET", "requestUri": _CONNECT_PATH}}
        authorization = QueryAuthorization.read(http_request.query_string.decode("latin-1"))
        if authorization is not None and authorization.service != service.signing_name:
            authorization = None
        parameters = {name: http_request.args.get(name, "") for name in ("userArn", "sessionId")}
        operation = OperationModel(model, service, CONNECT)
        return cls(http_request, b"", authorization, service, operation, parameters)

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.operation.name if self.operation else None

    @property
    def is_not_played(self) -> bool:
        """Tell whether the request is signed for a service that is not served here."""
        return self.authorization is not None and self.authorization.service not in SERVICES

    @property
    def protocol(self) -> str:
        """The service's protocol: `query`, `json` or `rest-json`; told by the content type if there is no service."""
        if self.service:
            return str(self.service.protocol)
        content_type = self.http_request.content_type or ""
        found = (protocol for begin, protocol in _PROTOCOLS.items() if content_type.startswith(begin))
        return next(found, "rest-json")

    def _candidates(self) -> Iterator[ServiceModel]:
        if self.is_not_played:
            return
        claimed = SERVICES[self.authorization.service] if self.authorization else None
        if claimed:
            self.service = get_service_model(claimed[0])
        for name in claimed or (name for names in SERVICES.values() for name in names):
            yield get_service_model(name)

    def _is_for(self, service: ServiceModel) -> bool:
        version = self.http_request.values.get("Version")
        if version and service.protocol == "query" and version != service.api_version:
            return False
        try:
            operation, uri_parameters = get_service_router(service.service_name).match(self.http_request)
        except (NotFound, NotImplementedError):
            return False
        self.service, self.operation = service, operation
        self.parameters = self._parse(service, operation, uri_parameters)
        return True

    def _parse(
        self, service: ServiceModel, operation: OperationModel, uri_parameters: dict[str, Any]
    ) -> dict[str, Any] | None:
        http = self.http_request
        parser = PROTOCOL_PARSERS[determine_request_protocol(service, http.content_type)](operation)
        try:
            parsed: dict[str, Any] = parser.parse(
                {
                    "method": http.method,
                    "values": http.values,
                    "headers": http.headers,
                    "body": self.body,
                    "url_path": http.path,
                    "url_params": uri_parameters,
                }
            )
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            # moto's parsers do not check their input: a list for an object, or letters for a number, raise one of
            # these.
            return None
        return parsed
