"""Lambda's part of the local stack: processes, their environment, and functions that fail."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime.functions import MAX_PROCESSES, Functions
from local.lambda_runtime.process import (
    CallerTimeoutError,
    Function,
    FunctionFailedError,
    FunctionThrottledError,
    FunctionTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDLERS = '''
    import json, logging, os, subprocess, sys, time
    from pathlib import Path

    def handler(event, context):
        return globals()[event.get("do", "pid")](event, context)

    def pid(event, context):
        return os.getpid()

    def environment(event, context):
        return dict(os.environ) | {"cwd": os.getcwd(), "path": sys.path[0], "local": "local" in sys.modules}

    def about(event, context):
        names = ("function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb", "log_group_name")
        return {name: getattr(context, name) for name in names} | {
            "aws_request_id": context.aws_request_id, "left": context.get_remaining_time_in_millis()}

    def fail(event, context):
        raise KeyError("secret")

    def leave(event, context):
        os._exit(3)

    def marshal(event, context):
        return {1, 2}

    def sleep(event, context):
        time.sleep(60)

    def meet(event, context):
        """Wait until that many events are being handled at once."""
        Path(event["folder"], str(os.getpid())).touch()
        while len(os.listdir(event["folder"])) < event["together"]:
            time.sleep(0.01)
        return os.getpid()

    def talk(event, context):
        print("printed")
        os.write(1, b"written\\n")
        logging.warning("logged")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
        return sys.stdin.read()

    def root(event, context):
        logging.getLogger("a.library").debug("for %s", "debugging")
        return logging.getLevelName(logging.getLogger().level)
'''


def credentials(role: str, *, seconds: int = 3600) -> dict[str, str]:
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    secrets = {"AccessKeyId": f"key of {role}", "SecretAccessKey": "secret", "SessionToken": "token"}
    return secrets | {"Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}


@pytest.fixture
def function(tmp_path: Path) -> Function:
    (tmp_path / "toys.py").write_text(textwrap.dedent(HANDLERS))
    return Function(
        logical_id="Toy",
        name="local-Toy",
        arn="arn:aws:lambda:us-east-1:123456789012:function:local-Toy",
        handler="toys.handler",
        code=tmp_path,
        timeout=60,
        memory=256,
        environment={"GREETING": "hello"},
        role="ToyRole",
        log_group="/toys",
        region="us-east-1",
        runtime="python3.13",
    )


class Toy:
    """One function that runs, and its log."""

    def __init__(self, function: Function, seconds: int = 3600) -> None:
        self.log: list[bytes] = []
        self._functions = Functions(
            {"Toy": function}, lambda role: credentials(role, seconds=seconds), "http://aws", self.log.append
        )
        self.close = self._functions.close

    def __call__(self, do: str = "pid", wait_seconds: float = 60, **event: Any) -> Any:
        return self._functions.invoke("Toy", {"do": do, **event}, wait_seconds)


@pytest.fixture
def toy(function: Function) -> Iterator[Toy]:
    with closing(Toy(function)) as toy:
        yield toy


def gone(pid: int) -> bool:
    """Wait until the process has ended; the test's timeout is the limit."""
    while True:
        try:
            os.kill(pid, 0)
            stat = Path(f"/proc/{pid}/stat")
            # The process may end between two of these lines, and then reading fails in the same way.
            if stat.exists() and " Z " in stat.read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)


def test_function_gets_no_more_events_at_once_than_its_concurrency(function: Function, tmp_path: Path) -> None:
    folder = tmp_path / "meeting"
    folder.mkdir()
    with closing(Toy(replace(function, concurrency=1))) as toy, ThreadPoolExecutor() as others:
        first = others.submit(toy, "meet", folder=str(folder), together=2)
        while not any(folder.iterdir()):
            time.sleep(0.01)

        with pytest.raises(FunctionThrottledError):
            toy()

        (folder / "another").touch()
        assert first.result() == toy()


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


def test_process_that_exits_is_reported_and_replaced(toy: Toy) -> None:
    pid = toy()
    with pytest.raises(FunctionFailedError) as failed:
        toy("leave")
    assert failed.value.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "Error: Runtime exited with error: exit status 3",
    }
    assert toy() != pid


def test_process_that_was_killed_while_idle_is_replaced(toy: Toy) -> None:
    pid = toy()
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert toy() != pid


def test_process_over_its_timeout_is_killed_and_replaced(function: Function) -> None:
    with closing(Toy(replace(function, timeout=1))) as toy:
        pid = toy()
        with pytest.raises(FunctionTimeoutError, match=r"Task timed out after 1\.00 seconds"):
            toy("sleep")
        assert gone(pid)
        assert toy() != pid


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


def test_error_is_logged_with_its_message_and_stack_trace(toy: Toy) -> None:
    with pytest.raises(FunctionFailedError):
        toy("fail")
    toy.close()
    log = b"".join(toy.log).decode()
    assert "[ERROR] KeyError: 'secret'\nTraceback (most recent call last):\n" in log


def test_each_process_handles_one_event_at_a_time_and_sixteen_run_at_once(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "meeting"
    folder.mkdir()
    with ThreadPoolExecutor(MAX_PROCESSES) as callers:
        met = [callers.submit(toy, "meet", folder=str(folder), together=MAX_PROCESSES) for _ in range(MAX_PROCESSES)]
        assert len({caller.result() for caller in met}) == MAX_PROCESSES


def test_seventeenth_event_waits_until_a_process_is_free(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "meeting"
    folder.mkdir()
    with ThreadPoolExecutor(MAX_PROCESSES + 1) as callers:
        # They return when there is one more file than there are processes.
        busy = [
            callers.submit(toy, "meet", folder=str(folder), together=MAX_PROCESSES + 1) for _ in range(MAX_PROCESSES)
        ]
        while len(list(folder.iterdir())) < MAX_PROCESSES:
            time.sleep(0.01)
        with pytest.raises(CallerTimeoutError, match="No process was free"):
            toy(wait_seconds=0.2)
        last = callers.submit(toy)
        (folder / "one more").touch()
        assert last.result() in {caller.result() for caller in busy}


def test_idle_process_that_was_used_last_is_used_first(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "meeting"
    folder.mkdir()
    with ThreadPoolExecutor(3) as callers:
        list(callers.map(lambda _: toy("meet", folder=str(folder), together=3), range(3)))
    assert len({toy() for _ in range(10)}) == 1


def test_fifty_callers_at_once_are_all_served(toy: Toy) -> None:
    with ThreadPoolExecutor(50) as callers:
        pids = list(callers.map(lambda _: toy(), range(200)))
    assert len(pids) == 200
    assert len(set(pids)) <= MAX_PROCESSES


def test_process_whose_credentials_end_soon_is_replaced(function: Function) -> None:
    with closing(Toy(function, seconds=6)) as toy:
        pid = toy()
        while toy() == pid:
            time.sleep(0.1)


def test_closing_ends_busy_processes_too(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "meeting"
    folder.mkdir()
    with ThreadPoolExecutor(1) as callers:
        busy = callers.submit(toy, "meet", folder=str(folder), together=2)
        while not list(folder.iterdir()):
            time.sleep(0.01)
        toy.close()
        with pytest.raises(FunctionFailedError):
            busy.result()
    assert gone(int(next(folder.iterdir()).name))
    with pytest.raises(FunctionFailedError, match="closed"):
        toy()


def test_process_ends_when_its_parent_is_killed(function: Function, tmp_path: Path) -> None:
    # A parent process that is killed, so that it cannot clean up.
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(f"""
            import json, os, signal
            from pathlib import Path
            from local.lambda_runtime.functions import Functions
            from local.lambda_runtime.process import Function
            fields = json.loads({json.dumps(json.dumps(vars(function), default=str))})
            function = Function(**(fields | {{"code": Path(fields["code"])}}))
            functions = Functions({{"Toy": function}}, lambda role: {credentials("x")!r}, "http://aws")
            print(functions.invoke("Toy", {{}}), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    read, write = os.pipe()
    pid = os.posix_spawn(
        sys.executable, [sys.executable, str(script)], environment, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)]
    )
    os.close(write)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    with os.fdopen(read) as output:
        assert gone(int(output.readline()))


def test_closing_does_not_wait_for_a_handler_that_is_being_loaded(function: Function, tmp_path: Path) -> None:
    (tmp_path / "toys.py").write_text("import pathlib, time; pathlib.Path('loading').touch(); time.sleep(50)")
    toy = Toy(function)
    with ThreadPoolExecutor(1) as callers:
        waiting = callers.submit(toy)
        while not (tmp_path / "loading").exists():
            time.sleep(0.01)
        started = time.monotonic()
        toy.close()
        assert time.monotonic() - started < 40
        with pytest.raises(FunctionFailedError):
            waiting.result()


def test_threads_end_with_their_processes(toy: Toy) -> None:
    toy()
    toy.close()
    assert not [thread for thread in threading.enumerate() if "_copy_log" in thread.name]
