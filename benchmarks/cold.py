"""The question: how long a first sign-in takes, in fresh processes of both functions, beside what they replace."""

from __future__ import annotations

import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measure import COLUMNS, Times, interleaved, ratio, timed
from benchmarks.programs import (
    BUILT,
    NODE_V2,
    NODE_V3,
    check_allowed,
    check_signed_in,
    improved_originals,
    originals,
    ours,
    python,
    python_note,
)
from benchmarks.report import Table
from benchmarks.upstream import upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Contender
    from benchmarks.upstream import Upstream

ROUNDS = 25
TARGETS = {NODE_V2: 0.7, NODE_V3: 1.0}
"""How many times as long as these both of our functions together may take."""
AUTHORIZER, HANDLER = "ours, the authorizer", "ours, the handler"
BOTH = "ours, one after the other"


def tables() -> list[Table]:
    """Measure."""
    with upstream() as running:
        times = interleaved(_contenders(running), ROUNDS)
    return [_table({BOTH: one_after_the_other(times[AUTHORIZER], times[HANDLER]), **times})]


def both(running: Upstream, built: Path = BUILT) -> tuple[Contender, Contender, Any]:
    """Return a cold start of the authorizer, one of the handler, as they were *built*, and the event of the second."""
    authorizer, handler = ours(running, "Authorizer", built), ours(running, "Signin", built)
    asked = authorizer_event(running.token)
    with authorizer.running() as ask:
        event = signin_event(running.token, ask(asked)["answer"]["context"])
    return partial(authorizer.cold, asked, check_allowed), partial(handler.cold, event, check_signed_in), event


def one_after_the_other(authorizer: Times, handler: Times) -> Times:
    """Return what a user waits for."""
    return Times([sum(pair) for pair in zip(authorizer.runs, handler.runs, strict=True)])


def _contenders(running: Upstream) -> dict[str, Contender]:
    authorizer, handler, event = both(running)
    believing = originals(running) | improved_originals(running)
    return {
        AUTHORIZER: authorizer,
        HANDLER: handler,
        **{name: partial(program.cold, event, check_signed_in) for name, program in believing.items()},
        "Python that does nothing": timed(partial(subprocess.run, [python(), "-P", "-c", "pass"], check=True)),
        "Node.js that does nothing": timed(partial(subprocess.run, ["node", "-e", ""], check=True)),
    }


def _table(times: dict[str, Times]) -> Table:
    mine = times[BOTH].median
    rows = [[name, *taken.cells(digits=0), f"{mine / taken.median:.2f}"] for name, taken in times.items()]
    kept = [f"Of “{name}” they take {ratio(mine, times[name].median, most)}." for name, most in TARGETS.items()]
    note = f"""\
From the process's start to the answer. Ours are what `sam build` made, in the functions' own environment; the handler
starts when the authorizer has answered, as on AWS, so both together are what a user waits for. The others are one
function: AssumeRole, then CreateAppInstanceUser, and no token is verified. Each call takes 40 ms, and so does the key
set; discovery, and opening a connection, take none. The SDKs are as npm and PyPI deliver them; plain boto3 has its
bytecode, too. {python_note()}
Last column: both of ours as a multiple of the row.

{" ".join(kept)}"""
    return Table("Cold sign-in, milliseconds", note, ("", *COLUMNS, "both of ours / this"), rows)
