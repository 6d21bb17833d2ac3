"""Turn an HTTP request into a call: which service, which operation, with which parameters, by whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from local.aws.authorization import Authorization, Presigned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.core.model import ServiceModel

    from local.aws.callers import Caller

SERVICES = {
    "sts": ("sts",),
    "chime": ("chime-sdk-identity", "chime-sdk-messaging"),
    "secretsmanager": ("secretsmanager",),
    "ssm": ("ssm",),
    "iam": ("iam",),
    "cloudformation": ("cloudformation",),
}
"""What is served here: signing names, each with botocore's services that share it."""

CONNECT = "Connect"
"""The one operation that is in no model: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html."""
_CONNECT_PATH = "/connect"


@dataclass
class Call:
    """
    A request as its layers see it.

    `authorization` is what the request claims, `caller` who made it: only the signature check sets that.
    """

    request: Request
    body: bytes
    authorization: Authorization | None
    service: ServiceModel | None = None
    operation: OperationModel | None = None
    parameters: dict[str, Any] | None = field(default_factory=dict)
    """None: they do not parse."""
    caller: Caller | None = None

    @classmethod
    def read(cls, environ: dict[str, Any]) -> Call:
        """Read the request, its body included. Never fails: what cannot be told stays None."""
        request = Request(environ, populate_request=False)
        if (request.method, request.path) == ("GET", _CONNECT_PATH):
            return cls._connect(request)
        call = cls(request, request.get_data(), Authorization.parse(request.headers.get("Authorization")))
        for service in call._candidates():
            if call._is_for(service):
                break
        return call

    @classmethod
    def _connect(cls, request: Request) -> Call:
        service = get_service_model("chime-sdk-messaging")
        model = {"name": CONNECT, "http": {"method": "GET", "requestUri": _CONNECT_PATH}}
        claims = Presigned.read(request.query_string.decode("latin-1"))
        if claims is not None and claims.service != service.signing_name:
            claims = None
        parameters = {name: request.args.get(name, "") for name in ("userArn", "sessionId")}
        return cls(request, b"", claims, service, OperationModel(model, service, CONNECT), parameters)

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.operation.name if self.operation else None

    @property
    def protocol(self) -> str:
        """How the service speaks: `query`, `json` or `rest-json`; the last for a service that is not served here."""
        return str(self.service.protocol) if self.service else "rest-json"

    def _candidates(self) -> Iterator[ServiceModel]:
        claimed = SERVICES.get(self.authorization.service) if self.authorization else None
        if claimed:
            self.service = get_service_model(claimed[0])
        for name in claimed or (name for names in SERVICES.values() for name in names):
            yield get_service_model(name)

    def _is_for(self, service: ServiceModel) -> bool:
        version = self.request.values.get("Version")
        if version and service.protocol == "query" and version != service.api_version:
            return False
        try:
            operation, uri_parameters = get_service_router(service.service_name).match(self.request)
        except (NotFound, NotImplementedError):
            return False
        self.service, self.operation = service, operation
        self.parameters = self._parse(uri_parameters)
        return True

    def _parse(self, uri_parameters: dict[str, Any]) -> dict[str, Any] | None:
        service, operation, request = self.service, self.operation, self.request
        assert service is not None  # noqa: S101 - for mypy: the caller has just set both
        assert operation is not None  # noqa: S101 - as above
        parser = PROTOCOL_PARSERS[determine_request_protocol(service, request.content_type)](operation)
        try:
            parsed: dict[str, Any] = parser.parse(
                {
                    "method": request.method,
                    "values": request.values,
                    "headers": request.headers,
                    "body": self.body,
                    "url_path": request.path,
                    "url_params": uri_parameters,
                }
            )
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            # moto's parsers trust their input: a list for an object, or letters for a number, ends in one of these.
            return None
        return parsed
