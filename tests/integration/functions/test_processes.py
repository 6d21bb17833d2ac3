"""The processes of a function on the local stack: how many there are, when they are replaced, and how they end."""

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
from pathlib import Path

import pytest

from local.lambda_runtime.functions import MAX_PROCESSES
from local.lambda_runtime.process import (
    CallerTimeoutError,
    Function,
    FunctionFailedError,
    FunctionThrottledError,
    FunctionTimeoutError,
)
from tests.integration.functions.toys import Toy, credentials, gone


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
    root = Path(__file__).resolve().parents[3]
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
