"""Lambda's part of the local stack: what a function sees, returns and logs, and how it fails."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local.lambda_runtime.functions import Functions
from local.lambda_runtime.process import CallerTimeoutError, Function, FunctionFailedError
from tests.integration.functions.toys import Toy, credentials

if TYPE_CHECKING:
    from pathlib import Path


def test_handler_runs_in_a_process_of_its_own_that_is_used_again(toy: Toy) -> None:
    first = toy()
    assert first != os.getpid()
    assert toy() == first


def test_process_has_the_variables_of_template_and_lambda_and_inherits_none(
    toy: Toy, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "must not be seen")
    found = toy("environment")
    assert {name: found.pop(name) for name in ("cwd", "path", "local")} == {
        "cwd": str(function.code), "path": str(function.code), "local": False,
    }  # fmt: skip
    assert found.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    interpreter = {name: found.pop(name, None) for name in ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "LC_CTYPE")}
    assert interpreter["PATH"] == os.environ["PATH"]
    assert found == {
        "GREETING": "hello",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "local-Toy",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/toys",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_ACCESS_KEY_ID": "key of ToyRole",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL": "http://aws",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LAMBDA_TASK_ROOT": str(function.code),
        "_HANDLER": "toys.handler",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }


@pytest.mark.parametrize(
    ("log_format", "level", "root", "line"),
    [
        pytest.param("Text", None, "WARNING", None, id="text"),
        pytest.param("JSON", "INFO", "INFO", None, id="JSON"),
        pytest.param("JSON", "DEBUG", "DEBUG", {"level": "DEBUG", "logger": "a.library"}, id="JSON from DEBUG on"),
        pytest.param("JSON", "TRACE", "DEBUG", {"level": "DEBUG", "logger": "a.library"}, id="JSON from TRACE on"),
    ],
)
def test_root_logger_is_set_as_lambda_sets_it(
    function: Function, log_format: str, level: str | None, root: str, line: dict[str, str] | None
) -> None:
    with closing(Toy(replace(function, log_format=log_format, log_level=level))) as toy:
        assert toy("root") == root
        variables = toy("environment")
    assert variables["AWS_LAMBDA_LOG_FORMAT"] == log_format
    assert variables.get("AWS_LAMBDA_LOG_LEVEL") == level
    logged = [json.loads(one) for one in toy.log if b"for debugging" in one]
    assert [{name: one[name] for name in line or {}} for one in logged] == ([line] if line else [])


def test_context_describes_the_invocation(toy: Toy, function: Function) -> None:
    first, second = toy("about"), toy("about")
    assert first.pop("aws_request_id") != second.pop("aws_request_id")
    assert 0 < first.pop("left") <= 60_000
    assert first == {
        "function_name": "local-Toy",
        "function_version": "$LATEST",
        "invoked_function_arn": function.arn,
        "memory_limit_in_mb": "256",
        "log_group_name": "/toys",
    }


def test_exception_is_reported_as_lambda_does_and_the_process_stays(toy: Toy) -> None:
    pid = toy()
    with pytest.raises(FunctionFailedError) as failed:
        toy("fail")
    assert failed.value.payload["errorType"] == "KeyError"
    assert failed.value.payload["errorMessage"] == "'secret'"
    assert 'raise KeyError("secret")' in failed.value.payload["stackTrace"][-1]
    assert not any("worker.py" in frame for frame in failed.value.payload["stackTrace"])
    assert toy() == pid


def test_result_that_is_not_json_is_an_error(toy: Toy) -> None:
    with pytest.raises(FunctionFailedError, match="MarshalError"):
        toy("marshal")


def test_caller_whose_time_to_wait_is_over_gets_an_error(toy: Toy) -> None:
    with pytest.raises(CallerTimeoutError):
        toy("sleep", wait_seconds=0.5)


@pytest.mark.parametrize(
    ("handler", "code", "error_type", "message"),
    [
        pytest.param("nowhere.handler", "", "Runtime.ImportModuleError", "No module named 'nowhere'", id="no module"),
        pytest.param("toys.nothing", "", "Runtime.HandlerNotFound", "'nothing' missing on module 'toys'", id="no name"),
        pytest.param("toys.handler", "def (", "Runtime.UserCodeSyntaxError", "invalid syntax", id="a syntax error"),
        pytest.param("toys.handler", "import nowhere", "Runtime.ImportModuleError", "'nowhere'", id="a missing import"),
        pytest.param("toys.handler", "1 / 0", "ZeroDivisionError", "division by zero", id="raises"),
        pytest.param("toys.handler", "import os; os._exit(4)", "Runtime.ExitError", "exit status 4", id="exits"),
    ],
)
def test_handler_that_cannot_be_loaded(  # noqa: PLR0913, PLR0917 - a row of the table
    function: Function, tmp_path: Path, handler: str, code: str, error_type: str, message: str
) -> None:
    if code:
        (tmp_path / "toys.py").write_text(code)
    with closing(Toy(replace(function, handler=handler))) as toy:
        for _ in range(2):
            with pytest.raises(FunctionFailedError) as failed:
                toy()
            assert failed.value.payload["errorType"] == error_type
            assert message in failed.value.payload["errorMessage"]


def test_what_the_function_prints_is_in_its_log_and_not_in_the_result(toy: Toy) -> None:
    assert toy("talk") == ""
    toy.close()
    log = b"".join(toy.log).decode()
    for text in ("printed", "written", "logged", "by a child"):
        assert text in log


def test_what_an_event_logs_is_there_before_its_result(function: Function) -> None:
    lines: list[bytes] = []

    def log_slowly(line: bytes) -> None:
        time.sleep(0.2)
        lines.append(line)

    functions = Functions({"Toy": function}, credentials, "http://aws", log_slowly)
    with closing(functions):
        for do, said in (("talk", b"by a child\n"), ("unfinished", b"no end of line")):
            functions.invoke("Toy", {"do": do})
            assert said in lines


def test_error_is_logged_with_its_message_and_stack_trace(toy: Toy) -> None:
    with pytest.raises(FunctionFailedError):
        toy("fail")
    toy.close()
    log = b"".join(toy.log).decode()
    assert "[ERROR] KeyError: 'secret'\nTraceback (most recent call last):\n" in log
