"""
Measure what users wait for, and print it as tables: `make bench`.

The numbers are this machine's. They compare one version with the next, and say nothing about AWS: there is no
network, the local STS and Chime answer at once, and imports find the bytecode that a layer has only if it was compiled.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import urllib3

from local.stack import Options, Stack
from tests import bench_exchange, bench_tokens, layers

if TYPE_CHECKING:
    from collections.abc import Callable

STARTS = 15
SIGN_INS = 200


def main() -> None:
    """Measure and print everything."""
    _say(f"Python {platform.python_version()}, {os.cpu_count()} processors\n")
    bench_tokens.main(_say)
    _say(f"{'milliseconds':<50}{'median':>9}{'fastest':>9}{'slowest':>9}{'runs':>6}")
    for function in ("authorizer", "signin"):
        _row(f"importing {function}.app, fresh interpreter", STARTS, partial(_import_time, function))
    with Stack(Options(log=lambda _line: None)) as stack, urllib3.PoolManager() as client:

        def sign_in() -> float:
            headers = {"Authorization": f"Bearer {token}"}
            start = time.perf_counter()
            answer = client.request("POST", f"{stack.urls['api']}/signin", headers=headers, retries=False)
            seconds = time.perf_counter() - start
            assert answer.status == 200, answer.data
            return seconds

        token = stack.issuer.token({"sub": "ada", "name": "Ada Lovelace"})
        _row("the first sign-in over HTTP, all processes cold", 1, sign_in)
        _row("a warm sign-in over HTTP, one at a time", SIGN_INS, sign_in)
    _say("")
    bench_exchange.main(_say)


def _import_time(function: str) -> float:
    code = f"import time; start = time.perf_counter(); import {function}.app; print(time.perf_counter() - start)"
    return float(layers.run(function, code).splitlines()[-1])


def _row(what: str, runs: int, measure: Callable[[], float]) -> None:
    times = [measure() * 1000 for _ in range(runs)]
    _say(f"{what:<50}{statistics.median(times):>9.1f}{min(times):>9.1f}{max(times):>9.1f}{runs:>6}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
