"""
Lambda's side of a function in a container: the Runtime API, over which the runtime asks what to do next.

The SAM CLI's emulator has no SnapStart, and does not measure a function's start apart from its first answer.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from contextlib import ExitStack, closing
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Self

import yaml
from werkzeug.wrappers import Request, Response

from local.http.server import Server
from tests.docker import sam
from tests.docker.cloud import addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from tests.docker.cloud import Cloud

API = "/2018-06-01/runtime"
PYTHON = "/var/lang/bin/python3.13"
PATIENCE = 120
"""Seconds for whatever a container does next."""

# Reports that the container runs, waits for the answer, and becomes the runtime, so that Docker's time is not measured.
LAUNCH = """
import http.client, os
there = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
there.request("GET", "/started")
there.getresponse().read()
os.execv("/var/runtime/bootstrap", ["/var/runtime/bootstrap"])
"""


class RuntimeRequest:
    """A request of the runtime: its path under the API, its body, and when it came, by `time.perf_counter`."""

    def __init__(self, path: str, body: bytes, at: float) -> None:
        self.path = path
        self.body = body
        self.at = at


class Runtime:
    """
    One instance of a built function, in a container of its own until it is closed.

    Call `start` first, then `restore` (SnapStart) and `invoke`. Each returns the seconds that it took.
    """

    def __init__(
        self, function: str, cloud: Cloud, limits: Iterable[str] = (), variables: Mapping[str, str] | None = None
    ) -> None:
        """
        Make a container for *function* under *limits*, `docker run`'s flags, with *variables* beside its settings.

        Raises:
            SamError: Docker failed.
        """
        self._requests: Queue[RuntimeRequest] = Queue()
        self._responses: Queue[Response] = Queue()
        self.name = f"chime-signin-{uuid.uuid4().hex[:12]}"
        listens_at, host = addresses()
        with ExitStack() as started:
            server = started.enter_context(closing(Server(self, host=listens_at)))
            started.callback(self._responses.put, Response(status=410))
            environment = {**_environment(function, cloud), **(variables or {})}
            environment["AWS_LAMBDA_RUNTIME_API"] = f"{host}:{server.port}"
            _docker("run", "--detach", "--name", self.name, "--entrypoint", PYTHON, *_layout(function), *limits,
                    *(f"--env={name}={value}" for name, value in environment.items()),
                    sam.IMAGE, "-c", LAUNCH)  # fmt: skip
            started.callback(_docker, "rm", "--force", self.name)
            self._expect("/started")
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def start(self) -> float:
        """Start the function, and return when it waits for an event, or (SnapStart) for its snapshot."""
        return self._until(Response(), "/invocation/next", "/restore/next")

    def restore(self) -> float:
        """Continue from the snapshot, and return when the function waits for an event."""
        return self._until(Response(), "/invocation/next")

    def invoke(self, event: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
        """Return how long the answer to *event* took, and the answer."""
        request_id = str(uuid.uuid4())
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(1000 * (time.time() + PATIENCE))),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:test",
        }
        seconds = self._until(
            Response(json.dumps(event), headers=headers, content_type="application/json"),
            f"/invocation/{request_id}/response",
        )
        answer: dict[str, Any] = json.loads(self._last.body)
        self._responses.put(Response(status=202))
        self._expect("/invocation/next")
        return seconds, answer

    def limit(self, *limits: str) -> None:
        """Change the container's limits: *limits* are flags of `docker update`."""
        _docker("update", *limits, self.name)

    def peak_memory(self) -> int:
        """Return the most memory that the function's process has held, in bytes."""
        status = _docker("exec", self.name, "cat", "/proc/1/status")
        (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(kilobytes)

    def log(self) -> str:
        """Return what the function printed."""
        return _docker("logs", self.name)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Queue the runtime's request, and answer when `start`, `restore` or `invoke` has an answer for it."""
        request = Request(environ)
        self._requests.put(RuntimeRequest(request.path.removeprefix(API), request.get_data(), time.perf_counter()))
        return self._responses.get()(environ, start_response)

    def _until(self, response: Response, *paths: str) -> float:
        began = time.perf_counter()
        self._responses.put(response)
        self._expect(*paths)
        return self._last.at - began

    def _expect(self, *paths: str) -> None:
        try:
            self._last = self._requests.get(timeout=PATIENCE)
        except Empty as error:
            raise sam.SamError(f"The function did not get to {' or '.join(paths)}.\n{self.log()}") from error
        if self._last.path not in paths:
            raise sam.SamError(f"{self._last.path}: {self._last.body.decode()}\n{self.log()}")


def _environment(function: str, cloud: Cloud) -> dict[str, str]:
    """Return the environment that *function* has in Lambda."""
    return {
        "_HANDLER": _properties(function)["Handler"],
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        **cloud.settings(function),
        **cloud.credentials(function),
    }


def _layout(function: str) -> list[str]:
    (layer,) = (one["Ref"] for one in _properties(function)["Layers"])
    return [f"--volume={sam.BUILT / function}:/var/task:ro", f"--volume={sam.BUILT / layer}:/opt:ro"]


def _properties(function: str) -> dict[str, Any]:
    template = yaml.safe_load((sam.BUILT / "template.yaml").read_text())
    properties: dict[str, Any] = template["Resources"][function]["Properties"]
    return properties


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise sam.SamError(f"docker {arguments[0]} failed.\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr
