"""
Lambda's Runtime API on loopback, and AWS's own Python runtime (awslambdaric) that asks it what to do next.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from contextlib import ExitStack, closing
from queue import Queue
from typing import TYPE_CHECKING, Any, Self

from werkzeug.wrappers import Request, Response

from local.http.server import Server
from local.lambda_runtime.process import FunctionFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from local.lambda_runtime.process import Function

API = "/2018-06-01/runtime"


class Runtime:
    """One function in AWS's runtime, from when it is made until it is closed, one event at a time."""

    def __init__(self, function: Function, variables: Mapping[str, str], log: Path) -> None:
        self._function = function
        self._events: Queue[Any] = Queue()
        self._answers: Queue[tuple[str, Any]] = Queue()
        self._log = log
        with ExitStack() as started:
            server = started.enter_context(closing(Server(self._serve)))
            output = started.enter_context(log.open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", function.handler],
                env={**variables, "AWS_LAMBDA_RUNTIME_API": server.url.removeprefix("http://")},
                cwd=function.code, stdout=output, stderr=output,
            )  # fmt: skip
            # ExitStack calls the last one first: kill, wait, then close the server, which the process may still call.
            started.callback(process.wait)
            started.callback(process.kill)
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._events.put(None)
        self._started.close()

    @property
    def log(self) -> str:
        """Everything that the function wrote."""
        return self._log.read_text()

    def invoke(self, event: Any, wait_seconds: float) -> Any:
        """
        Return the handler's result for *event*.

        Raises:
            FunctionFailedError: The handler raised, or could not be loaded.
        """
        self._events.put(event)
        kind, body = self._answers.get(timeout=wait_seconds)
        if kind != "response":
            raise FunctionFailedError(body)
        return body

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.method == "GET":
            return self._next()(environ, start_response)
        self._answers.put((request.path.rpartition("/")[2], json.loads(request.get_data())))
        return Response(b'{"status": "OK"}', status=202)(environ, start_response)

    def _next(self) -> Response:
        event = self._events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self._function.timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._function.arn,
            "Content-Type": "application/json",
        }
        return Response(json.dumps(event), headers=headers)
