"""What one process of each function gives when many clients come at once, as Lambda's copies do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Times
from benchmarks.programs import check_allowed, check_signed_in, ours, python_note
from benchmarks.report import Table
from benchmarks.upstream import upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[Any], dict[str, Any]]

CLIENTS = (1, 8, 64)
SECONDS = 8.0


def tables() -> list[Table]:
    """Measure."""
    rows = []
    with (
        upstream(tls=True) as running,
        ours(running, "Authorizer").running() as authorizer,
        ours(running, "Signin").running() as handler,
    ):
        service = _Service(authorizer, handler, running.token)
        service.sign_in()  # the first one finds both cold
        for clients in CLIENTS:
            start = time.perf_counter()
            times = service.under(clients)
            took = time.perf_counter() - start
            cells = times.cells(digits=0, last=(10, 90, 99))
            rows.append([str(clients), f"{len(times.runs) / took:.1f}", *cells, *service.megabytes()])
    columns = ("clients", "sign-ins a second", "median", "p10", "p90", "p99", "runs", "authorizer, MB", "handler, MB")
    note = f"""\
Each client signs in again as soon as it is in, until {SECONDS:.0f} seconds are over. A process takes one event at a
time, as in Lambda, so clients wait for each other; on AWS another copy would start instead. A sign-in waits 40 ms
for AWS: one handler cannot give more than {1000 / 40:.0f} a second. Memory is the most that each process has held
so far. {python_note()}"""
    return [Table("One process of each function, milliseconds of a client's", note, columns, rows)]


class _Service:
    """One authorizer and one handler, each for one event at a time."""

    def __init__(self, authorizer: Ask, handler: Ask, token: str) -> None:
        self._token = token
        self._asks = {"authorizer": authorizer, "handler": handler}
        self._locks = {name: Lock() for name in self._asks}
        self._kilobytes = dict.fromkeys(self._asks, 0)

    def sign_in(self) -> float:
        """Return the milliseconds that a client waits."""
        start = time.perf_counter()
        allowed = self._ask("authorizer", authorizer_event(self._token))
        check_allowed(allowed)
        check_signed_in(self._ask("handler", signin_event(self._token, allowed["context"])))
        return (time.perf_counter() - start) * 1000

    def under(self, clients: int) -> Times:
        """Return what *clients* waited, at once and again and again."""
        end = time.perf_counter() + SECONDS

        def client(_: int) -> list[float]:
            waited = []
            while time.perf_counter() < end:
                waited.append(self.sign_in())
            return waited

        with ThreadPoolExecutor(clients) as executor:
            return Times([time_waited for waited in executor.map(client, range(clients)) for time_waited in waited])

    def megabytes(self) -> list[str]:
        """Return the most memory that each process has held."""
        return [f"{kilobytes / 1024:.0f}" for kilobytes in self._kilobytes.values()]

    def _ask(self, name: str, event: Any) -> Any:
        with self._locks[name]:
            answered = self._asks[name](event)
        self._kilobytes[name] = max(self._kilobytes[name], answered["kilobytes"])
        return answered["answer"]
