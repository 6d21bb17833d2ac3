"""How long a sign-in takes in processes that are up, beside its upstream calls and the others."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Times, compared, interleaved
from benchmarks.programs import check_allowed, check_answered, check_signed_in, originals, ours, plain_boto3
from benchmarks.report import Table
from benchmarks.upstream import upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Contender
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

ROUNDS = 250
GOAL = 1.05
"""How many times as long as the slower upstream call the handler may take."""
REASON = "what is added is our own work and Python's, which a machine that is shared makes longer."
AUTHORIZER, HANDLER = "ours, the authorizer", "ours, the handler"
CALLS = {"AssumeRole alone, by boto3": "assume_role", "DescribeAppInstanceUser alone, by boto3": "describe_user"}


def tables() -> list[Table]:
    """Measure."""
    with upstream() as running, ExitStack() as started:
        return [_table(interleaved(_contenders(running, started), ROUNDS, warm_up=10))]


def _contenders(running: Upstream, started: ExitStack) -> dict[str, Contender]:
    asked = authorizer_event(running.token)
    authorizer = started.enter_context(ours(running, "Authorizer").running())
    event = signin_event(running.token, authorizer(asked)["answer"]["context"])
    calls = {name: plain_boto3(running, handler) for name, handler in CALLS.items()}

    def warm(program: Program, check: Callable[[Any], None] = check_signed_in) -> Contender:
        return _warm(started.enter_context(program.running()), event, check)

    return {
        AUTHORIZER: _warm(authorizer, asked, check_allowed),
        HANDLER: warm(ours(running, "Signin")),
        **{name: warm(call, check_answered) for name, call in calls.items()},
        **{name: warm(program) for name, program in originals(running).items()},
    }


def _warm(ask: Callable[[Any], dict[str, Any]], event: Any, check: Callable[[Any], None]) -> Contender:
    def measured() -> float:
        answer = ask(event)
        check(answer["answer"])
        milliseconds: float = answer["milliseconds"]
        return milliseconds

    return measured


def _table(times: dict[str, Times]) -> Table:
    mine, slower = times[HANDLER], max((times[name] for name in CALLS), key=lambda call: call.median)
    rows = [
        [name, *taken.cells(last=(10, 90, 99)), f"{mine.median / taken.median:.2f}"] for name, taken in times.items()
    ]
    note = f"""\
The time of the handler alone, as its own process tells it. All of them stay up and take turns; each upstream call takes
40 ms. Last column: our handler as a multiple of the row.

Our handler takes, than the slower of its two calls alone, {compared(mine.median, slower.median, GOAL, REASON)}"""
    columns = ("", "median", "p10", "p90", "p99", "runs", "our handler / this")
    return Table("Warm sign-in, milliseconds", note, columns, rows)
