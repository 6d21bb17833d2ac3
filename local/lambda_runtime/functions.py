"""Do Lambda's part: run each function in a pool of processes of its own, one event at a time in each."""

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
"""How many processes a function has at most. Further events wait."""

MAX_CONCURRENT_STARTS = max(2, os.cpu_count() or 1)


class ProcessPool:
    """
    The processes of one function. Callers take one, use it alone and give it back.

    Processes are started while somebody waits, a few at a time: a burst of callers is sooner served by the
    first process that is ready than by sixteen that fight over two cores.
    """

    def __init__(self, start: Callable[[], Process], size: int = MAX_PROCESSES) -> None:
        self._start = start
        self._size = size
        self._changed = threading.Condition()
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._failures: list[Exception] = []
        self._total = 0
        self._starting = 0
        self._waiting = 0
        self._closed = False

    def take(self, patience: float) -> Process:
        """
        Return a process for the caller alone: the idle one that was used last, or a new one.

        Raises:
            FunctionFailedError: A new one could not load the handler.
            CallerTimeoutError: None was free for *patience* seconds.
        """
        with self._changed:
            self._waiting += 1
            try:
                if not self._changed.wait_for(self._something_for_us, patience):
                    raise CallerTimeoutError(f"No process was free for {patience:.2f} seconds")
                return self._ours()
            finally:
                self._waiting -= 1

    def give_back(self, process: Process) -> None:
        """Let others use *process*, or forget it if it is of no use any more."""
        with self._changed:
            if process.usable and not self._closed:
                self._idle.append(process)
            else:
                self._forget(process)
            self._changed.notify_all()

    def close(self) -> None:
        """End all processes, busy ones too."""
        with self._changed:
            self._closed = True
            processes = list(self._all)
            self._changed.notify_all()
        for process in processes:
            process.close()
        with self._changed:
            self._changed.wait_for(lambda: not self._starting, INIT_SECONDS)

    def _something_for_us(self) -> bool:
        for process in [process for process in self._idle if process.worn_out()]:
            self._idle.remove(process)
            self._forget(process)
        if not (self._idle or self._failures or self._closed):
            self._start_another()
        return bool(self._idle or self._failures or self._closed)

    def _ours(self) -> Process:
        if self._closed:
            raise FunctionFailedError({"errorMessage": "The stack is closed", "errorType": "Local.Closed"})
        if self._idle:
            return self._idle.pop()
        raise self._failures.pop()

    def _start_another(self) -> None:
        wanted = min(self._waiting, MAX_CONCURRENT_STARTS)
        if self._starting < wanted and self._total < self._size:
            self._starting += 1
            self._total += 1
            threading.Thread(target=self._add_process, daemon=True).start()

    def _add_process(self) -> None:
        try:
            process = self._register(self._start())
            process.load()
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller who waits has to learn it
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
            # As many as there are callers to learn of it: the next one's process may load.
            if len(self._failures) < self._waiting:
                self._failures.append(error)
            self._changed.notify_all()

    def _forget(self, process: Process) -> None:
        self._all.discard(process)
        self._total -= 1
        # Not here: whoever waits for a process need not wait for this one's end.
        threading.Thread(target=process.close).start()


class ConcurrencyLimit:
    """Lets as many events of one function in at once as it may have (None: all)."""

    def __init__(self, concurrency: int | None) -> None:
        self._left = None if concurrency is None else threading.BoundedSemaphore(concurrency)

    def __enter__(self) -> None:
        """
        Come in.

        Raises:
            FunctionThrottledError: There is no room.
        """
        if self._left and not self._left.acquire(blocking=False):
            raise FunctionThrottledError

    def __exit__(self, *_: object) -> None:
        """Make room for another."""
        if self._left:
            self._left.release()


class Functions:
    """All functions of a deployment, to be invoked by their logical ids."""

    def __init__(
        self, functions: Mapping[str, Function], credentials: Credentials, endpoint_url: str, log: LogSink = to_stderr
    ) -> None:
        """
        Prepare the pools; processes start when they are needed.

        *credentials* gives a role's credentials by its logical id (AccessKeyId, SecretAccessKey, SessionToken,
        Expiration), *endpoint_url* is where AWS is, *log* receives every line of the functions' logs.
        """
        self._credentials = credentials
        self._endpoint_url = endpoint_url
        self._log = log
        self._pools = {logical_id: ProcessPool(self._starter(function)) for logical_id, function in functions.items()}
        self._rooms = {logical_id: ConcurrencyLimit(function.concurrency) for logical_id, function in functions.items()}

    def invoke(self, logical_id: str, event: Json, patience: float = 900.0) -> Json:
        """
        Return what the function makes of *event*, both JSON values.

        Raises:
            FunctionFailedError: It raised, did not load, exited, (FunctionTimeoutError) took too long, or
                (FunctionThrottledError) has as many events as it may have.
            CallerTimeoutError: It took longer than *patience* seconds, waiting for a process included.
        """
        with self._rooms[logical_id]:
            return self._invoke(logical_id, event, patience)

    def _invoke(self, logical_id: str, event: Json, patience: float) -> Json:
        until = time.monotonic() + patience
        pool = self._pools[logical_id]
        process = pool.take(patience)
        try:
            return process.invoke(event, max(0.0, until - time.monotonic()))
        finally:
            pool.give_back(process)

    def failing_starts(self) -> dict[str, FunctionFailedError]:
        """Start a process of each function, and return what is wrong with those that do not start, by logical id."""
        with ThreadPoolExecutor(len(self._pools)) as executor:
            starts = {logical_id: executor.submit(_started, pool) for logical_id, pool in self._pools.items()}
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


def _started(pool: ProcessPool) -> FunctionFailedError | None:
    try:
        pool.give_back(pool.take(INIT_SECONDS))
    except FunctionFailedError as error:
        return error
    return None
