"""Run the services: moto's own, as `moto_patches` and `sts` change them, and those that `local.chime` adds."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.wrappers import Response

from local import chime
from local.aws import bucket_cors, errors, moto_patches, simulation, sts
from local.aws.errors import AwsError
from local.aws.s3_operations import not_served, too_large
from local.aws.s3_requests import BUCKET_NAME, RESERVED, lacks_required

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from wsgiref.types import WSGIApplication

    from moto.core.model import OperationModel

    from local.aws.aws_request import AwsRequest
    from local.aws.s3_requests import S3Request

# The first, because moto lets a client choose its account by this header, and AWS does not. The others, because the
# body is passed on whole, with its length.
_DROPPED = ("HTTP_X_MOTO_ACCOUNT_ID", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated")

_in_use = threading.Lock()


class MotoServices:
    """
    Behind all middlewares: does what an authenticated, permitted request asks for.

    moto keeps its state in global variables: one instance is open at a time, and it starts and ends with that state
    empty.
    """

    def __init__(self) -> None:
        """
        Empty moto's state and install our changes to moto.

        Raises:
            RuntimeError: Another instance is open.
        """
        if not _in_use.acquire(blocking=False):
            raise RuntimeError("Another AwsEndpoint is open in this process: close it first, moto's state is shared.")
        chime.register()
        sts.install()
        simulation.install()
        moto_patches.install()
        self._applications: dict[str, WSGIApplication] = {}
        self._lock = threading.Lock()
        self._one_by_one = {"dynamodb": threading.Lock(), "s3": threading.Lock()}
        self._serving = 0
        self._changed = threading.Condition()
        self._is_closed = False
        _reset_moto()

    def __call__(self, request: AwsRequest) -> Response:
        """
        Answer by moto, or say that there is no such operation.

        Raises:
            ConnectionAbortedError: It is closed.
        """
        error = _unusable(request)
        if error:
            return errors.shared_error_response(request, error)
        try:
            with self._in_service(), self._turn(request):
                return Response.from_app(self._application(request), _environ(request), buffered=True)
        except (NotImplementedError, ModuleNotFoundError):
            # The second one where moto needs a package that is not installed: cfn-lint for ValidateTemplate.
            message = f"{request.name} is not available on the local stack."
            return errors.shared_error_response(request, AwsError("NotImplemented", message))

    def load(self, service_name: str) -> None:
        """Load what the first call of a service would load. *service_name* is botocore's."""
        self._backend_app(service_name)
        get_service_model(service_name)

    def close(self) -> None:
        """Wait for the calls that are served now, then empty moto's state and undo our changes to moto."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: not self._serving)
        _reset_moto()
        simulation.uninstall()
        sts.uninstall()
        moto_patches.uninstall()
        _in_use.release()

    @contextmanager
    def _in_service(self) -> Iterator[None]:
        # A call may come late, when its client has given up and another instance is open. moto's state is that one's.
        with self._changed:
            if self._is_closed:
                raise ConnectionAbortedError("The services are closed.")
            self._serving += 1
        try:
            yield
        finally:
            with self._changed:
                self._serving -= 1
                self._changed.notify_all()

    def _turn(self, request: AwsRequest) -> AbstractContextManager[Any]:
        """Wait for one's turn where requests are served one after the other."""
        # moto evaluates a condition and writes afterwards, so that two writes under the same condition would both
        # succeed. Reads too, because one may see half of a transaction.
        name = request.service.service_name if request.service else ""
        return self._one_by_one.get(name) or nullcontext()

    def _application(self, request: AwsRequest) -> WSGIApplication:
        assert request.service is not None  # noqa: S101 - for mypy: `_unusable` has checked it
        return self._backend_app(request.service.service_name)

    def _backend_app(self, service_name: str) -> WSGIApplication:
        name = service_name.replace("-", "")
        with self._lock:
            if name not in self._applications:
                self._applications[name] = cast("WSGIApplication", create_backend_app(cast("Any", name)))
            return self._applications[name]


def _unusable(request: AwsRequest) -> AwsError | None:
    if request.is_not_played and request.authorization is not None:
        return AwsError("NotImplemented", f"{request.authorization.service} is not available on the local stack.")
    if request.operation is None:
        return AwsError("InvalidAction", "There is no such operation here.")
    if request.parameters is None:
        return AwsError("MalformedQueryString", "The parameters could not be read.")
    return _unusable_in_s3(request.s3, request.operation, request.parameters) if request.s3 else None


def _unusable_in_s3(s3: S3Request, operation: OperationModel, parameters: dict[str, Any]) -> AwsError | None:
    missing = not_served(operation.name, parameters)
    foreign = s3.foreign(operation)
    bucket = str(parameters.get("Bucket", ""))
    if bucket in RESERVED:
        missing = f"A bucket named {bucket}"  # its paths are those of another service here
    elif foreign and not missing:
        missing = f"{operation.name} with {foreign}"
    if missing:
        return AwsError("NotImplemented", f"{missing} is not available on the local stack.")
    if "Bucket" in parameters and not BUCKET_NAME.fullmatch(bucket):
        return AwsError("InvalidBucketName", "The specified bucket is not valid.", 400)
    if not s3.has_readable_path():
        return AwsError("InvalidURI", "Couldn't parse the specified URI.", 400)
    error = too_large(parameters) or _wrong_configuration(operation, parameters)
    return AwsError(*error, 400) if error else None


def _wrong_configuration(operation: OperationModel, parameters: dict[str, Any]) -> tuple[str, str] | None:
    """Return the error, a code and a message, for a configuration of a bucket that S3 does not take."""
    if lacks_required(operation.input_shape, parameters):
        return (
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    if parameters.get("PublicAccessBlockConfiguration") == {}:
        return "InvalidRequest", "Must specify at least one configuration."
    message = bucket_cors.wrong(parameters.get("CORSConfiguration", {}).get("CORSRules", ()))
    return ("InvalidRequest", message) if message else None


def _environ(request: AwsRequest) -> dict[str, Any]:
    assert request.authorization is not None  # noqa: S101 - for mypy: the request is authenticated
    http = request.http_request
    received, body = http.environ, request.body
    if request.s3 and request.operation:
        parameters = request.parameters or {}
        received = request.s3.environ(request.operation, parameters.get("Bucket", ""), parameters.get("Key", ""))
        body = request.s3.content
        # Also for a presigned URL, because moto takes who has none for nobody.
        received["HTTP_AUTHORIZATION"] = request.authorization.header
    environ = {name: value for name, value in received.items() if name not in _DROPPED}
    # moto reads the region from the host's name. What was called, and how, is where messaging and meetings are.
    host = f"{request.authorization.service}.{request.authorization.region}.amazonaws.com"
    environ |= {"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": http.host, "HTTP_X_FORWARDED_PROTO": http.scheme}
    environ |= {moto_patches.OPERATION: request.name, moto_patches.PROTOCOL: request.protocol}
    return {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _reset_moto() -> None:
    BackendDict.reset()
    reset_model_data()
