"""Parse an HTTP request to AWS: for which service and operation it is, with which parameters, signed by which key."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from local.aws import buckets
from local.aws.authorization import Authorization, QueryAuthorization
from local.aws.s3_requests import S3Request, bucket_of
from local.chime import routing

if TYPE_CHECKING:
    from moto.core.model import ServiceModel

    from local.aws.identities import CallerIdentity

SERVICES = {
    "sts": ("sts",),
    "chime": ("chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings"),
    "dynamodb": ("dynamodb",),
    "secretsmanager": ("secretsmanager",),
    "ssm": ("ssm",),
    "iam": ("iam",),
    "cloudformation": ("cloudformation",),
    "apigateway": ("apigateway",),
    "s3": ("s3",),
}
"""The services that are served here: by signing name, the names of botocore's services that share it."""

_BY_OPERATION = tuple(itertools.chain(*(names for name, names in SERVICES.items() if name != "s3")))
"""Those that an unsigned request may be for by what it asks. To S3 every path is an object."""

_RESOURCES = {"/channel": "chime-sdk-messaging", ":meeting/": "chime-sdk-meetings"}
"""What is in the ARNs of a service's resources; all others are identity's."""

CONNECT = "Connect"
"""The one operation that no model has: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html."""
_CONNECT_PATH = "/connect"
PREFETCH = ("prefetch-on", "prefetch-sort-by")
"""The parameters of that operation that need not be there."""
_REST = ("rest-json", "rest-xml")
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
    s3: S3Request | None = None
    """The same request in another form, if it is one to S3."""

    @classmethod
    def read(cls, environ: dict[str, Any]) -> AwsRequest:
        """Read the request with its body. What cannot be parsed is None; the middlewares answer that with an error."""
        http_request = Request(environ, populate_request=False)
        if (http_request.method, http_request.path) == ("GET", _CONNECT_PATH):
            return cls._connect(http_request)
        authorization = _authorization(http_request)
        if authorization.service == "s3" if authorization else buckets.find(bucket_of(http_request)):
            return cls._to_s3(http_request, authorization)
        request = cls(http_request, http_request.get_data(), authorization)
        candidates = request._candidates()
        for service in candidates:
            if request._is_for(service) and (len(candidates) == 1 or not request._is_on_another_services_resource()):
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
        parameters |= {name: http_request.args[name] for name in PREFETCH if name in http_request.args}
        operation = OperationModel(model, service, CONNECT)
        return cls(http_request, b"", authorization, service, operation, parameters)

    @classmethod
    def _to_s3(cls, http_request: Request, authorization: Authorization | None) -> AwsRequest:
        service, body = get_service_model("s3"), http_request.get_data()
        form = S3Request.read(http_request, body)
        request = cls(http_request, body, authorization, service, s3=form)
        matched = _match(service, form.http)
        if matched is not None:
            request.operation, in_path = matched
            request.parameters = _parsed(service, request.operation, form.http, form.content, in_path)
        return request

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
        """The protocol: `query`, `json`, `rest-json` or `rest-xml`; told by the content type if there is no service."""
        if self.service:
            return str(self.service.protocol)
        content_type = self.http_request.content_type or ""
        found = (protocol for begin, protocol in _PROTOCOLS.items() if content_type.startswith(begin))
        return next(found, "rest-json")

    def _candidates(self) -> list[ServiceModel]:
        if self.is_not_played:
            return []
        claimed = SERVICES[self.authorization.service] if self.authorization else None
        if claimed:
            self.service = get_service_model(claimed[0])
        served = [get_service_model(name) for name in claimed or _BY_OPERATION]
        # By the host that was called, if it is one of AWS: the services of the Chime SDK have one signing name.
        host = self.http_request.host.partition(".")[0]
        return [service for service in served if service.endpoint_prefix == host] or served

    def _is_for(self, service: ServiceModel) -> bool:
        version = self.http_request.values.get("Version")
        if version and service.protocol == "query" and version != service.api_version:
            return False
        matched = _match(service, self.http_request)
        if matched is None:
            return False
        self.service, (self.operation, uri_parameters) = service, matched
        self.parameters = self._parse(service, self.operation, uri_parameters)
        return True

    def _is_on_another_services_resource(self) -> bool:
        """Tell whether this is one of the operations on tags, which the Chime services have in common, of another."""
        assert self.service is not None  # noqa: S101 - for mypy: the request is for this service
        resource = (self.parameters or {}).get("ResourceARN")
        if self.service.signing_name != "chime" or not isinstance(resource, str):
            return False
        owner = next((name for part, name in _RESOURCES.items() if part in resource), "chime-sdk-identity")
        return owner != self.service.service_name

    def _parse(
        self, service: ServiceModel, operation: OperationModel, uri_parameters: dict[str, Any]
    ) -> dict[str, Any] | None:
        http = self.http_request
        if http.args and http.form:
            return None  # moto reads the form alone, so that permissions would see other parameters than it does
        return _parsed(service, operation, http, self.body, uri_parameters)


def _authorization(http_request: Request) -> Authorization | None:
    """Return what the header says; if there is none, what the query says, if that is for S3."""
    header = http_request.headers.get("Authorization")
    if header:
        return Authorization.parse(header)
    presigned = QueryAuthorization.read(http_request.query_string.decode("latin-1"))
    return presigned if presigned and presigned.service == "s3" else None


def _parsed(
    service: ServiceModel, operation: OperationModel, http: Request, body: bytes, uri_parameters: dict[str, Any]
) -> dict[str, Any] | None:
    parser = PROTOCOL_PARSERS[_protocol(service, http)](operation)
    try:
        parsed: dict[str, Any] = parser.parse(
            {
                "method": http.method,
                "values": http.args if service.protocol in _REST else http.values,
                "headers": http.headers,
                "body": body,
                "url_path": http.path,
                "url_params": uri_parameters,
            }
        )
    except (AttributeError, KeyError, RecursionError, RequestParserError, TypeError, ValueError):
        # moto's parsers do not check their input: a list for an object, or letters for a number, raise one of these.
        return None
    return parsed


def _match(service: ServiceModel, http_request: Request) -> tuple[OperationModel, dict[str, Any]] | None:
    """Return the operation that the request is for, and the parameters in its path; or None."""
    if service.signing_name == "chime":
        return routing.match(service.service_name, http_request)
    try:
        return get_service_router(service.service_name).match(http_request)
    except (NotFound, NotImplementedError):
        return None


def _protocol(service: ServiceModel, http_request: Request) -> str:
    # The Chime services have one protocol. SDKs name other content types than its own, the mobile ones x-amz-json-1.0.
    if service.signing_name == "chime":
        return "rest-json"
    return determine_request_protocol(service, http_request.content_type)
