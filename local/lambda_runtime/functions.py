"""Run each function as Lambda does: in a pool of its own processes, each with one event at a time."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from local.lambda_runtime.process import (
    INIT_SECONDS,
    CallerTimeoutError,
    FunctionFailedError,
    FunctionThrottledError,
    Process,
    environment,
    to_stderr,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.lambda_runtime.process import Function, Json, LogSink

    Credentials = Callable[[str], Mapping[str, str]]

MAX_PROCESSES = 16
"""How many processes one function has at most. While all of them are busy, further events wait."""

MAX_CONCURRENT_STARTS = max(2, os.cpu_count() or 1)


class ProcessPool:
    """
    The processes of one function. A caller takes one, uses it alone and gives it back.

    While callers wait, processes are started, a few at a time: many callers at once are served sooner by the first
    process that is ready than by sixteen processes that start together on two cores.
    """

    def __init__(self, start: Callable[[], Process], max_processes: int = MAX_PROCESSES) -> None:
        self._start = start
        self._max_processes = max_processes
        self._changed = threading.Condition()
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._failures: list[Exception] = []
        self._total = 0
        self._starting = 0
        self._waiting = 0
        self._closed = False

    def take(self, wait_seconds: float) -> Process:
        """
        Return a process for this caller alone: the idle process that was used last, or a new one.

        Raises:
            FunctionFailedError: A new process could not load the handler, or the pool is closed.
            CallerTimeoutError: No process was free within *wait_seconds*.
        """
        with self._changed:
            self._waiting += 1
            try:
                if not self._changed.wait_for(self._has_outcome, wait_seconds):
                    raise CallerTimeoutError(f"No process was free for {wait_seconds:.2f} seconds")
                return self._outcome()
            finally:
                self._waiting -= 1

    def give_back(self, process: Process) -> None:
        """Let other callers use *process*, or end it if it cannot be used again."""
        with self._changed:
            if process.usable and not self._closed:
                self._idle.append(process)
            else:
                self._discard(process)
            self._changed.notify_all()

    def close(self) -> None:
        """End all processes, also those that are busy."""
        with self._changed:
            self._closed = True
            processes = list(self._all)
            self._changed.notify_all()
        for process in processes:
            process.close()
        with self._changed:
            self._changed.wait_for(lambda: not self._starting, INIT_SECONDS)

    def _has_outcome(self) -> bool:
        """Tell whether a caller need not wait any longer; otherwise see to it that a process is being started."""
        for process in [process for process in self._idle if process.expired()]:
            self._idle.remove(process)
            self._discard(process)
        if not (self._idle or self._failures or self._closed):
            self._start_another()
        return bool(self._idle or self._failures or self._closed)

    def _outcome(self) -> Process:
        if self._closed:
            raise FunctionFailedError({"errorMessage": "The stack is closed", "errorType": "Local.Closed"})
        if self._idle:
            return self._idle.pop()
        raise self._failures.pop()

    def _start_another(self) -> None:
        starts = min(self._waiting, MAX_CONCURRENT_STARTS)
        if self._starting < starts and self._total < self._max_processes:
            self._starting += 1
            self._total += 1
            threading.Thread(target=self._add_process, daemon=True).start()

    def _add_process(self) -> None:
        try:
            process = self._register(self._start())
            process.load()
        except Exception as error:  # noqa: BLE001 - whatever the error is, a waiting caller must get it
            self._fail(error)
            return
        with self._changed:
            self._starting -= 1
            self.give_back(process)

    def _register(self, process: Process) -> Process:
        with self._changed:
            self._all.add(process)
            if self._closed:
                process.close()
        return process

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._starting -= 1
            self._total -= 1
            self._all = {process for process in self._all if process.usable}
            # No more failures than waiting callers, because the process of a later caller may load.
            if len(self._failures) < self._waiting:
                self._failures.append(error)
            self._changed.notify_all()

    def _discard(self, process: Process) -> None:
        self._all.discard(process)
        self._total -= 1
        # In a thread, so that callers who wait for a process need not wait until this one has ended.
        threading.Thread(target=process.close).start()


class ConcurrencyLimit:
    """Limits how many events a function processes at once, as its reserved concurrency does (None: no limit)."""

    def __init__(self, concurrency: int | None) -> None:
        self._slots = None if concurrency is None else threading.BoundedSemaphore(concurrency)

    def __enter__(self) -> None:
        """
        Take one of the function's slots.

        Raises:
            FunctionThrottledError: All slots are taken.
        """
        if self._slots and not self._slots.acquire(blocking=False):
            raise FunctionThrottledError

    def __exit__(self, *_: object) -> None:
        """Free the slot."""
        if self._slots:
            self._slots.release()


class Functions:
    """All functions of a deployment, to be invoked by their logical ids."""

    def __init__(
        self, functions: Mapping[str, Function], credentials: Credentials, endpoint_url: str, log: LogSink = to_stderr
    ) -> None:
        """
        Prepare the pools. Processes are started when they are needed.

        *credentials* takes a role's logical id and returns AccessKeyId, SecretAccessKey, SessionToken and Expiration.
        *endpoint_url* is the address of AWS. *log* receives every line of the functions' logs.
        """
        self._credentials = credentials
        self._endpoint_url = endpoint_url
        self._log = log
        self._pools = {logical_id: ProcessPool(self._starter(function)) for logical_id, function in functions.items()}
        self._limits = {
            logical_id: ConcurrencyLimit(function.concurrency) for logical_id, function in functions.items()
        }

    def invoke(self, logical_id: str, event: Json, wait_seconds: float = 900.0) -> Json:
        """
        Return what the function returns for *event*. Both are JSON values.

        Raises:
            FunctionFailedError: The function raised, did not load or exited; FunctionTimeoutError if it ran longer
                than its timeout, FunctionThrottledError if it already has as many events as its concurrency allows.
            CallerTimeoutError: There was no result after *wait_seconds*, including the wait for a process.
        """
        with self._limits[logical_id]:
            return self._invoke(logical_id, event, wait_seconds)

    def _invoke(self, logical_id: str, event: Json, wait_seconds: float) -> Json:
        deadline = time.monotonic() + wait_seconds
        pool = self._pools[logical_id]
        process = pool.take(wait_seconds)
        try:
            return process.invoke(event, max(0.0, deadline - time.monotonic()))
        finally:
            pool.give_back(process)

    def failing_starts(self) -> dict[str, FunctionFailedError]:
        """Start a process of each function. Return the error of each function that does not start, by logical id."""
        with ThreadPoolExecutor(len(self._pools)) as executor:
            starts = {logical_id: executor.submit(_start_error, pool) for logical_id, pool in self._pools.items()}
        return {logical_id: error for logical_id, start in starts.items() if (error := start.result())}

    def close(self) -> None:
        """End all processes."""
        for pool in self._pools.values():
            pool.close()

    def _starter(self, function: Function) -> Callable[[], Process]:
        def start() -> Process:
            credentials = self._credentials(function.role)
            variables = environment(function, credentials, self._endpoint_url)
            return Process(
                function, variables, datetime.fromisoformat(credentials["Expiration"]).timestamp(), self._log
            )

        return start


def _start_error(pool: ProcessPool) -> FunctionFailedError | None:
    try:
        pool.give_back(pool.take(INIT_SECONDS))
    except FunctionFailedError as error:
        return error
    return None
