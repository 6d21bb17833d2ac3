"""One process of a function: its environment, its life, and one event at a time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    LogSink = Callable[[bytes], None]

Json: TypeAlias = Any
"""What `json` reads and writes."""

INIT_SECONDS = 60.0
"""How long a handler may take to load. Lambda gives 10 s; a laptop may load sixteen at once."""

CREDENTIALS_MARGIN_SECONDS = 300.0
"""How long before its credentials end a process is replaced; half their life if that is shorter."""

WORKER = Path(__file__).with_name("worker.py")
INTERPRETER_NEEDS = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")


@dataclass(frozen=True)
class Function:
    """
    A function as deployed.

    *code* is the folder that holds the handler's packages, *timeout* is in seconds, *memory* in MB, *role*
    the logical id of its role, *concurrency* how many events it may have at once (None: no limit of its own),
    *log_format* Text or JSON, *log_level* the least level that Lambda lets through of what is JSON (None: all).
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    code: Path
    timeout: float
    memory: int
    environment: Mapping[str, str]
    role: str
    log_group: str
    region: str
    runtime: str
    concurrency: int | None = None
    log_format: str = "Text"
    log_level: str | None = None


class FunctionFailedError(Exception):
    """
    The function raised, could not be loaded or exited.

    *payload* is what Lambda gives its caller: errorMessage, errorType and, if there is one, stackTrace.
    """

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(f"{payload.get('errorType')}: {payload.get('errorMessage')}")
        self.payload = payload


class FunctionTimeoutError(FunctionFailedError):
    """The function took longer than its timeout and was ended."""


class FunctionThrottledError(FunctionFailedError):
    """As many copies as the function may have are busy: Lambda does not call it."""

    def __init__(self) -> None:
        super().__init__({"errorMessage": "Rate Exceeded.", "errorType": "TooManyRequestsException"})


class CallerTimeoutError(Exception):
    """The caller's patience ended before the function's timeout did."""


def to_stderr(line: bytes) -> None:
    """Write a line of a function's log to our standard error."""
    sys.stderr.write(line.decode("utf-8", "replace"))
    sys.stderr.flush()


def environment(function: Function, credentials: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """
    Return the whole environment of a function's process; nothing else of ours reaches it.

    Source of Lambda's own variables: AWS, "Defined runtime environment variables".
    """
    needs = {name: os.environ[name] for name in INTERPRETER_NEEDS if name in os.environ}
    by_lambda = _set_by_lambda(function, credentials) | _logging(function)
    return needs | dict(function.environment) | by_lambda | _set_for_local(endpoint_url)


def _set_by_lambda(function: Function, credentials: Mapping[str, str]) -> dict[str, str]:
    return {
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[$LATEST]{uuid.uuid4().hex}",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "LAMBDA_TASK_ROOT": str(function.code),
        "_HANDLER": function.handler,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }


def _logging(function: Function) -> dict[str, str]:
    # Of a function that logs text Lambda takes no level.
    level = {"AWS_LAMBDA_LOG_LEVEL": function.log_level} if function.log_level else {}
    return {"AWS_LAMBDA_LOG_FORMAT": function.log_format} | level


def _set_for_local(endpoint_url: str) -> dict[str, str]:
    # Without the last two, boto3 would read the configuration of whoever runs this.
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class Process:
    """One process of a function: loaded once, then called again and again, by one caller at a time."""

    def __init__(self, function: Function, variables: Mapping[str, str], expires: float, log: LogSink) -> None:
        """Start the process; *expires* is the time (seconds since 1970) at which its credentials end."""
        self._function = function
        # A session of its own: Ctrl-C in a terminal reaches the stack alone, and what the function starts ends with it.
        self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter and worker
            [sys.executable, "-P", str(WORKER)],
            env=dict(variables), cwd=function.code, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._log = threading.Thread(target=self._copy_log, args=(log,), daemon=True)
        self._log.start()
        self._renew = expires - min(CREDENTIALS_MARGIN_SECONDS, (expires - time.time()) / 2)
        self.usable = True

    def load(self) -> None:
        """
        Wait until the handler is loaded.

        Raises:
            FunctionFailedError: It cannot be; the process was ended.
        """
        try:
            self._converse(None, INIT_SECONDS, _timeout(INIT_SECONDS))
        except FunctionFailedError:
            self.close()
            raise

    def worn_out(self) -> bool:
        """Tell whether the process has ended, or its credentials end too soon for another call."""
        return self._popen.poll() is not None or time.time() > self._renew

    def invoke(self, event: Json, patience: float) -> Json:
        """
        Return what the handler makes of *event*. After an exception look at `usable`.

        Raises:
            FunctionFailedError: The handler raised, or the process exited.
            FunctionTimeoutError: The function's timeout is over; the process was ended.
            CallerTimeoutError: *patience* seconds are over; the process was ended (Lambda would let it run on).
        """
        request = {
            "event": event,
            "requestId": str(uuid.uuid4()),
            "functionArn": self._function.arn,
            "deadline": time.time() + self._function.timeout,
        }
        if patience < self._function.timeout:
            return self._converse(request, patience, CallerTimeoutError(f"No answer in {patience:.2f} seconds"))
        return self._converse(request, self._function.timeout, _timeout(self._function.timeout))

    def close(self) -> None:
        """End the process and wait until it is gone and its log is written."""
        self._kill()
        self._popen.wait()
        self._log.join(timeout=5)
        for pipe in (self._popen.stdin, self._popen.stdout):
            _close_quietly(cast("IO[bytes]", pipe))

    def _converse(self, request: Json, seconds: float, too_late: Exception) -> Json:
        deadline = _Watchdog(seconds, self._kill)
        try:
            line = self._exchange(request)
        finally:
            in_time = deadline.end()
        if not in_time:
            raise too_late
        if not line.endswith(b"\n"):
            raise FunctionFailedError(self._exit_error())
        return _value(line)

    def _exchange(self, request: Json) -> bytes:
        requests, answers = cast("IO[bytes]", self._popen.stdin), cast("IO[bytes]", self._popen.stdout)
        try:
            if request is not None:
                requests.write(json.dumps(request).encode() + b"\n")
                requests.flush()
            return answers.readline()
        except (BrokenPipeError, ValueError):
            # It exited before, or was closed under our hands.
            return b""

    def _exit_error(self) -> dict[str, Any]:
        self.usable = False
        status = self._popen.wait()
        how = f"signal: {-status}" if status < 0 else f"exit status {status}"
        return {"errorMessage": f"Error: Runtime exited with error: {how}", "errorType": "Runtime.ExitError"}

    def _kill(self) -> None:
        self.usable = False
        # Once it is known to have ended, its number may be somebody else's.
        if self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def _copy_log(self, log: LogSink) -> None:
        with cast("IO[bytes]", self._popen.stderr) as lines:
            for line in lines:
                log(line)


def _timeout(seconds: float) -> FunctionTimeoutError:
    message = f"{datetime.now(UTC).isoformat()} Task timed out after {seconds:.2f} seconds"
    return FunctionTimeoutError({"errorMessage": message, "errorType": "Sandbox.Timedout"})


def _close_quietly(pipe: IO[bytes]) -> None:
    # What could not be sent has no reader any more.
    with contextlib.suppress(OSError):
        pipe.close()


def _value(line: bytes) -> Json:
    answer = json.loads(line)
    if "error" in answer:
        raise FunctionFailedError(answer["error"])
    return answer["value"]


class _Watchdog:
    """Calls *expire* unless ended within *seconds*, and knows for certain which of the two came first."""

    def __init__(self, seconds: float, expire: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._open = True
        self._expire = expire
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._expire()

    def end(self) -> bool:
        """Return whether the deadline was kept."""
        self._timer.cancel()
        with self._lock:
            in_time, self._open = self._open, False
        return in_time
