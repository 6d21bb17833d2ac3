"""One process of a function: its environment, its start and end, and the events that it gets one after another."""

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
"""A value that the module `json` reads and writes."""

INIT_SECONDS = 60.0
"""How long a handler may take to load. Lambda allows 10 s, but a laptop may have to load sixteen at once."""

CREDENTIALS_MARGIN_SECONDS = 300.0
"""How long before the end of its credentials a process is replaced; half of their lifetime if that is less."""

WORKER = Path(__file__).with_name("worker.py")
END_OF_LOG = b"\0\n"
"""What `worker` writes into a function's log before it sends a result."""
LOG_SECONDS = 5.0
"""How long a result waits for the log that was written before it."""
INHERITED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")


@dataclass(frozen=True)
class Function:
    """
    A deployed function.

    *code* is the folder with the handler's packages. *timeout* is in seconds, *memory* in MB. *role* is the logical id
    of its role. *concurrency* is its reserved concurrency (None: not limited). *log_format* is Text or JSON;
    *log_level* is the lowest level that Lambda keeps of a JSON log (None: all levels).
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

    *payload* is what Lambda returns to the caller: errorMessage, errorType and perhaps stackTrace.
    """

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(f"{payload.get('errorType')}: {payload.get('errorMessage')}")
        self.payload = payload


class FunctionTimeoutError(FunctionFailedError):
    """The function ran longer than its timeout, and its process was ended."""


class FunctionThrottledError(FunctionFailedError):
    """The function already has as many events as its concurrency allows, so Lambda did not invoke it."""

    def __init__(self) -> None:
        super().__init__({"errorMessage": "Rate Exceeded.", "errorType": "TooManyRequestsException"})


class CallerTimeoutError(Exception):
    """The caller did not wait any longer, although the function's timeout was not over."""


def to_stderr(line: bytes) -> None:
    """Write a line of a function's log to standard error."""
    sys.stderr.write(line.decode("utf-8", "replace"))
    sys.stderr.flush()


def environment(function: Function, credentials: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """
    Return all environment variables of a function's process. It inherits no others from this process.

    Source of the variables that Lambda sets: AWS, "Defined runtime environment variables".
    """
    inherited = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
    by_lambda = _set_by_lambda(function, credentials) | _logging(function)
    return inherited | dict(function.environment) | by_lambda | _set_for_local(endpoint_url)


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
    # Lambda does not accept a level for a function that logs text.
    level = {"AWS_LAMBDA_LOG_LEVEL": function.log_level} if function.log_level else {}
    return {"AWS_LAMBDA_LOG_FORMAT": function.log_format} | level


def _set_for_local(endpoint_url: str) -> dict[str, str]:
    # Without the last two variables boto3 would read the AWS configuration of the person who runs the local stack.
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class Process:
    """One process of a function. It is loaded once, and then invoked any number of times by one caller at a time."""

    def __init__(self, function: Function, variables: Mapping[str, str], expires: float, log: LogSink) -> None:
        """Start the process. *expires* is when its credentials end, in seconds since 1970."""
        self._function = function
        # A session of its own: Ctrl-C in a terminal does not reach it, and its child processes can be ended with it.
        self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter and worker
            [sys.executable, "-P", str(WORKER)],
            env=dict(variables), cwd=function.code, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._logged = threading.Semaphore(0)
        self._log = threading.Thread(target=self._copy_log, args=(log,), daemon=True)
        self._log.start()
        self._replace_at = expires - min(CREDENTIALS_MARGIN_SECONDS, (expires - time.time()) / 2)
        self.usable = True

    def load(self) -> None:
        """
        Wait until the handler is loaded.

        Raises:
            FunctionFailedError: It cannot be loaded; the process was ended.
        """
        try:
            self._converse(None, INIT_SECONDS, _timeout(INIT_SECONDS))
        except FunctionFailedError:
            self.close()
            raise

    def expired(self) -> bool:
        """Tell whether the process has ended, or its credentials end too soon for another event."""
        return self._popen.poll() is not None or time.time() > self._replace_at

    def invoke(self, event: Json, wait_seconds: float) -> Json:
        """
        Return what the handler returns for *event*. After an exception `usable` tells whether the process is left.

        Raises:
            FunctionFailedError: The handler raised, or the process exited.
            FunctionTimeoutError: The function ran longer than its timeout; the process was ended.
            CallerTimeoutError: There was no result after *wait_seconds*; the process was ended. (Lambda lets it run.)
        """
        request = {
            "event": event,
            "requestId": str(uuid.uuid4()),
            "functionArn": self._function.arn,
            "deadline": time.time() + self._function.timeout,
        }
        if wait_seconds < self._function.timeout:
            return self._converse(request, wait_seconds, CallerTimeoutError(f"No answer in {wait_seconds:.2f} seconds"))
        return self._converse(request, self._function.timeout, _timeout(self._function.timeout))

    def close(self) -> None:
        """End the process, and wait until it has ended and its log is written."""
        self._kill()
        self._popen.wait()
        self._log.join(timeout=LOG_SECONDS)
        for pipe in (self._popen.stdin, self._popen.stdout):
            _close_quietly(cast("IO[bytes]", pipe))

    def _converse(self, request: Json, seconds: float, timeout_error: Exception) -> Json:
        watchdog = _Watchdog(seconds, self._kill)
        try:
            line = self._exchange(request)
        finally:
            in_time = watchdog.stop()
        if not in_time:
            raise timeout_error
        if not line.endswith(b"\n"):
            raise FunctionFailedError(self._exit_error())
        # The log comes through a pipe of its own. Whoever has the result may look for what it says.
        self._logged.acquire(timeout=LOG_SECONDS)
        return _value(line)

    def _exchange(self, request: Json) -> bytes:
        requests, answers = cast("IO[bytes]", self._popen.stdin), cast("IO[bytes]", self._popen.stdout)
        try:
            if request is not None:
                requests.write(json.dumps(request).encode() + b"\n")
                requests.flush()
            return answers.readline()
        except (BrokenPipeError, ValueError):
            # The process has exited, or another thread has closed it.
            return b""

    def _exit_error(self) -> dict[str, Any]:
        self.usable = False
        status = self._popen.wait()
        cause = f"signal: {-status}" if status < 0 else f"exit status {status}"
        return {"errorMessage": f"Error: Runtime exited with error: {cause}", "errorType": "Runtime.ExitError"}

    def _kill(self) -> None:
        self.usable = False
        # After a process has ended and was waited for, another process may have its number.
        if self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def _copy_log(self, log: LogSink) -> None:
        with cast("IO[bytes]", self._popen.stderr) as lines:
            for line in lines:
                text = line.removesuffix(END_OF_LOG)
                if text:
                    log(text)
                if text != line:
                    self._logged.release()


def _timeout(seconds: float) -> FunctionTimeoutError:
    message = f"{datetime.now(UTC).isoformat()} Task timed out after {seconds:.2f} seconds"
    return FunctionTimeoutError({"errorMessage": message, "errorType": "Sandbox.Timedout"})


def _close_quietly(pipe: IO[bytes]) -> None:
    # The error is about buffered data that nobody will read.
    with contextlib.suppress(OSError):
        pipe.close()


def _value(line: bytes) -> Json:
    answer = json.loads(line)
    if "error" in answer:
        raise FunctionFailedError(answer["error"])
    return answer["value"]


class _Watchdog:
    """Calls *expire* after *seconds* unless it is stopped before, and tells for certain which of the two happened."""

    def __init__(self, seconds: float, expire: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._running = True
        self._expire = expire
        self._timer = threading.Timer(seconds, self._time_out)
        self._timer.daemon = True
        self._timer.start()

    def _time_out(self) -> None:
        with self._lock:
            if self._running:
                self._running = False
                self._expire()

    def stop(self) -> bool:
        """Return whether it was stopped in time."""
        self._timer.cancel()
        with self._lock:
            in_time, self._running = self._running, False
        return in_time
