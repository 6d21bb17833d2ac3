"""
Serve recorded answers of AWS over HTTP, in AWS's own wire protocols, where the local AWS plays a service not.

The answers are in tests/recorded, one file for each operation. Nobody has an account here: they are recorded from AWS's
documentation, and each file names its source. botocore's models of today say how they are written on the wire.
"""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from local.http.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

RECORDED = Path(__file__).parent / "recorded"
SERVICES = {
    "apigateway": "apigateway",
    "cloudformation": "cloudformation",
    "iam": "iam",
    "kms": "kms",
    "lambda": "lambda",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "secretsmanager": "secretsmanager",
    "servicequotas": "service-quotas",
    "sns": "sns",
}
"""By the name with which requests are signed: botocore's name."""


@dataclass(frozen=True)
class Refusal:
    """An error to answer with."""

    code: str
    message: str
    status: int = 400


@dataclass
class RecordedAws:
    """
    A WSGI application. `calls` are those received, with parameters.

    `answers` are by service and operation: what AWS answers, a Refusal, or a function that returns one of these for the
    path of the request.
    """

    answers: dict[tuple[str, str], Any] = field(default_factory=lambda: dict(recorded()))
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ, populate_request=False)
        signed_for = request.headers["Authorization"].partition("Credential=")[2].split("/")[3]
        service = SERVICES[signed_for]
        operation, parameters = _operation(service, request)
        self.calls.append((service, operation, parameters))
        answer = self.answers[service, operation]
        if callable(answer):
            answer = answer(request.path)
        return _response(service, operation, _protocol(service, request), answer)(environ, start_response)


def recorded() -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield the recorded answers with their services and operations."""
    for path in sorted(RECORDED.glob("*.json")):
        service, operation = path.stem.split(".")
        yield (service, operation), json.loads(path.read_text())["answer"]


@contextmanager
def serving(aws: RecordedAws) -> Iterator[str]:
    """Serve *aws*, and yield its address."""
    with closing(Server(aws)) as server:
        yield server.url


def _operation(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    operation, _ = get_service_router(service).match(request)
    is_json = _protocol(service, request) == "json"
    return str(operation.name), json.loads(request.get_data()) if is_json else request.form.to_dict()


def _protocol(service: str, request: Request) -> str:
    """Return the protocol that the client has chosen, of those that the service speaks."""
    if (request.content_type or "").startswith("application/x-amz-json-"):
        return "json"
    return str(get_service_model(service).protocol)


def _response(service: str, operation: str, protocol: str, answer: Any) -> Response:
    if isinstance(answer, Refusal):
        return _refusal(protocol, answer)
    model: Any = get_service_model(service).operation_model(operation)
    serializer = get_serializer_class(service, protocol)(model)
    written = serializer.serialize(_with_times(answer, model.output_shape))
    return Response(written["body"], written["status_code"], written["headers"])


def _refusal(protocol: str, refusal: Refusal) -> Response:
    if protocol == "query":
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{refusal.code}</Code><Message>{refusal.message}</Message>"
            "</Error><RequestId>1</RequestId></ErrorResponse>"
        )
        return Response(body, refusal.status, content_type="text/xml")
    said = {"__type": refusal.code, "message": refusal.message}
    return Response(
        json.dumps(said), refusal.status, {"x-amzn-ErrorType": refusal.code}, content_type="application/x-amz-json-1.1"
    )


def _with_times(value: Any, shape: Any) -> Any:
    """Return *value* with a datetime in place of each text that is one in the model."""
    if shape.type_name == "structure":
        return {name: _with_times(each, shape.members[name]) for name, each in value.items()}
    if shape.type_name == "list":
        return [_with_times(each, shape.member) for each in value]
    if shape.type_name == "map":
        return {name: _with_times(each, shape.value) for name, each in value.items()}
    return datetime.fromisoformat(value) if shape.type_name == "timestamp" and isinstance(value, str) else value
