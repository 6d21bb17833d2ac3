"""The services themselves: moto's, with what `services`, `sts`, `secretsmanager` and `cloudformation` add to it."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any, cast

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.wrappers import Response

from local import chime
from local.aws import cloudformation, errors, secretsmanager, sts
from local.aws.errors import AwsError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from local.aws.call import Call

# moto lets a client choose its account by a header; AWS does not.
_DROPPED = ("HTTP_X_MOTO_ACCOUNT_ID", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated")

_alone = threading.Lock()


class Cloud:
    """
    The last layer: does what an authenticated call asks for.

    moto keeps its state in the process, so one of these lives at a time; it starts and ends with nothing in it.
    """

    def __init__(self) -> None:
        """
        Empty moto's state and put our STS into it.

        Raises:
            RuntimeError: Another one is open.
        """
        if not _alone.acquire(blocking=False):
            raise RuntimeError("Another AwsEndpoint is open in this process: close it first, moto's state is shared.")
        chime.register()
        sts.install()
        cloudformation.install()
        secretsmanager.install()
        self._applications: dict[str, WSGIApplication] = {}
        self._lock = threading.Lock()
        _forget_everything()

    def __call__(self, call: Call) -> Response:
        """Answer by moto, or say that there is no such operation."""
        wrong = _unusable(call)
        if wrong:
            return errors.refuse(call, wrong)
        try:
            return Response.from_app(self._application(call), _environ(call), buffered=True)
        except NotImplementedError:
            return errors.refuse(call, AwsError("NotImplemented", f"{call.name} is not available on the local stack."))

    def close(self) -> None:
        """Empty moto's state and give it its own STS back."""
        _forget_everything()
        sts.uninstall()
        cloudformation.uninstall()
        secretsmanager.uninstall()
        _alone.release()

    def _application(self, call: Call) -> WSGIApplication:
        assert call.service is not None  # noqa: S101 - for mypy: `_unusable` has looked
        name = call.service.service_name.replace("-", "")
        with self._lock:
            if name not in self._applications:
                self._applications[name] = cast("WSGIApplication", create_backend_app(cast("Any", name)))
            return self._applications[name]


def _unusable(call: Call) -> AwsError | None:
    if call.operation is None:
        return AwsError("InvalidAction", "There is no such operation here.")
    if call.parameters is None:
        return AwsError("MalformedQueryString", "The parameters could not be read.")
    return None


def _environ(call: Call) -> dict[str, Any]:
    assert call.authorization is not None  # noqa: S101 - for mypy: the call is authenticated
    environ = {name: value for name, value in call.request.environ.items() if name not in _DROPPED}
    # moto takes the region from the host's name; messaging answers with the one that was called.
    host = f"{call.authorization.service}.{call.authorization.region}.amazonaws.com"
    environ |= {"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": call.request.host}
    return {**environ, "wsgi.input": io.BytesIO(call.body), "CONTENT_LENGTH": str(len(call.body))}


def _forget_everything() -> None:
    BackendDict.reset()
    reset_model_data()
