"""
Run the handler of one function in this process, with one event at a time, as Lambda's Python runtime does.

`process` starts this file as a script, and it imports nothing of `local`, so that the function cannot either. Each line
on standard input is an event, and each line on standard output a result. What the function prints goes to standard
error, which is its log.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[Any, "LambdaContext"], Any]


END_OF_LOG = b"\0\n"
"""Ends what was written to the log until a result was sent; `process` takes it out."""


class RuntimeFailureError(Exception):
    """An error of the runtime, not of the function. *error_type* is Lambda's name for it: Runtime.HandlerNotFound."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class LambdaContext:
    """The context object that a handler receives. Source: AWS, "AWS Lambda context object in Python"."""

    identity = None
    client_context = None

    def __init__(self, request_id: str, function_arn: str, deadline: float) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = function_arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return how many milliseconds are left until the function's timeout, at least 0."""
        return max(0, int((self._deadline - time.time()) * 1000))


def load_handler(name: str) -> Handler:
    """
    Return the function called *name* ("package.module.function").

    Raises:
        RuntimeFailureError: There is no such module or function, or the module has a syntax error.
    """
    module_name, _, function_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
        handler: Handler = getattr(module, function_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise RuntimeFailureError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        raise RuntimeFailureError(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    except AttributeError as error:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise RuntimeFailureError("Runtime.HandlerNotFound", message) from error
    return handler


def describe(error: BaseException) -> dict[str, Any]:
    """Return *error* as Lambda reports it: errorMessage, errorType and stackTrace, without the frames of this file."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": error.error_type if isinstance(error, RuntimeFailureError) else type(error).__name__,
        "stackTrace": [] if isinstance(error, RuntimeFailureError) else traceback.format_list(frames),
    }


def log_error(error: dict[str, Any]) -> None:
    """Write *error* to the function's log with its message and stack trace, as Lambda does."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines += ["Traceback (most recent call last):", "".join(error["stackTrace"]).rstrip()]
    sys.stderr.write("\n".join(lines) + "\n")


def invoke(handler: Handler, request: dict[str, Any]) -> str:
    """Call *handler* with the event of *request*, and return one line: {"value": …} or {"error": …}."""
    context = LambdaContext(request["requestId"], request["functionArn"], request["deadline"])
    try:
        return marshal(handler(request["event"], context))
    except Exception as error:  # noqa: BLE001 - the caller gets every error
        described = describe(error)
        log_error(described)
        return json.dumps({"error": described})


def marshal(value: Any) -> str:
    """
    Return the line for a handler that returned *value*.

    Raises:
        RuntimeFailureError: The value cannot be written as JSON.
    """
    try:
        return json.dumps({"value": value})
    except (TypeError, ValueError) as error:
        raise RuntimeFailureError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def claim_pipes() -> tuple[IO[str], IO[str]]:
    """Return standard input and output, and replace both: what the function prints must not mix with the results."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, results


class JsonFormatter(logging.Formatter):
    """Formats a record of the root logger as Lambda does for a function that logs JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        fields = {"level": record.levelname, "message": record.getMessage(), "logger": record.name}
        trace = {"stackTrace": traceback.format_tb(record.exc_info[2])} if record.exc_info else {}
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        return json.dumps({"timestamp": stamp, **fields, **trace}, default=str)


def set_up_logging(log_format: str | None, level: str | None) -> None:
    """
    Let the root logger, and with it every library's, write to the function's log what has at least *level*.

    Source: bootstrap.py of awslambdaric, which does this before it loads the handler.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "JSON" else logging.Formatter("[%(levelname)s] %(message)s"))
    logging.getLogger().addHandler(handler)
    if level:
        logging.getLogger().setLevel("DEBUG" if level == "TRACE" else level)


def send(results: IO[str], line: str) -> None:
    """Send one result, after what the function has printed, and mark in the log where that ends."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(2, END_OF_LOG)
    results.write(line + "\n")
    results.flush()


def main() -> None:
    """Load the handler, report whether that worked, then invoke it with each event until the input ends."""
    requests, results = claim_pipes()
    set_up_logging(os.environ.get("AWS_LAMBDA_LOG_FORMAT"), os.environ.get("AWS_LAMBDA_LOG_LEVEL"))
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 - as above
        described = describe(error)
        log_error(described)
        send(results, json.dumps({"error": described}))
        return
    send(results, json.dumps({"value": "ready"}))
    for line in requests:
        send(results, invoke(handler, json.loads(line)))


if __name__ == "__main__":
    main()
