"""How long a sign-in takes in processes that are up, beside its upstream calls and others that do the same."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import prices
from benchmarks.measure import Times, compared, interleaved
from benchmarks.pairs import OURS, PAIRS, authorizers, handlers
from benchmarks.programs import check_allowed, check_answered, check_signed_in, milliseconds_of, python_contender
from benchmarks.report import Table
from benchmarks.upstream import DELAY, upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measure import Contender
    from benchmarks.upstream import Upstream

    Ask = Callable[[Any], dict[str, Any]]

ROUNDS = 250
GOAL, RENEWAL_GOAL = 1.05, 1.03
"""How many times as long as the slower upstream call the handler may take, and as AssumeRole a renewal may."""
REASON = "what is added is our own work and Python's, which a machine that is shared makes longer"
AUTHORIZER, HANDLER = PAIRS[OURS]
RENEWAL = "ours, a renewal"
ASSUME, DESCRIBE = "AssumeRole alone, by boto3", "DescribeAppInstanceUser alone, by boto3"
CALLS = {ASSUME: "plain_boto3.assume_role", DESCRIBE: "plain_boto3.describe_user"}
COLUMNS = ("median", "p10", "p90", "p99")


def tables() -> list[Table]:
    """Measure."""
    with upstream(tls=True) as running, ExitStack() as started:
        times = interleaved(_contenders(running, started), ROUNDS, warm_up=10)
        running.opened()  # raises if a contender refused a certificate
        megabytes = int(running.environments["SigninFunction"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
    return [_both(times, megabytes), _beside_its_calls(times)]


def _contenders(running: Upstream, started: ExitStack) -> dict[str, Contender]:
    asked = authorizer_event(running.token)
    verifying = {name: started.enter_context(program.running()) for name, program in authorizers(running).items()}
    event = signin_event(running.token, verifying[AUTHORIZER](asked)["answer"]["context"])
    programs = handlers(running) | {name: python_contender(running, handler) for name, handler in CALLS.items()}
    up = {name: started.enter_context(program.running()) for name, program in programs.items()}
    renewing = {**event, "multiValueQueryStringParameters": {"renewal": ["true"]}}
    return {
        **{name: partial(milliseconds_of, ask, asked, check_allowed) for name, ask in verifying.items()},
        **{
            name: partial(milliseconds_of, ask, event, check_answered if name in CALLS else check_signed_in)
            for name, ask in up.items()
        },
        RENEWAL: partial(milliseconds_of, up[HANDLER], renewing, check_signed_in),
    }


def _both(times: Mapping[str, Times], megabytes: int) -> Table:
    pairs = {OURS: PAIRS[OURS], RENEWAL: (AUTHORIZER, RENEWAL)} | PAIRS
    together = {
        name: Times([sum(pair) for pair in zip(*(times[part].runs for part in parts), strict=True)])
        for name, parts in pairs.items()
    }
    rows = []
    for name, taken in together.items():
        parts = [times[part].median for part in pairs[name]]
        rows.append(
            [
                name,
                *taken.cells(last=(10, 90, 99))[:-1],
                " + ".join(f"{part:.1f}" for part in parts),
                f"{together[OURS].median / taken.median:.2f}",
                f"{prices.of_a_million(megabytes, *parts):.2f}",
            ]
        )
    note = f"""\
The time of the handlers alone, as their own processes tell it, {ROUNDS} times. All of them stay up and take turns, with
TLS, on connections that stay open; each call of AWS takes {1000 * DELAY:.0f} ms. The others make two calls one after
the other, ours at the same time. {prices.NOTE}; each function has {megabytes} MB."""
    columns = ("", *COLUMNS, "authorizer + handler", "ours / this", "USD")
    return Table("Warm sign-in, both functions, milliseconds", note, columns, rows)


def _beside_its_calls(times: Mapping[str, Times]) -> Table:
    mine, slower = times[HANDLER], max((times[name] for name in CALLS), key=lambda call: call.median)
    rows = [
        [name, *times[name].cells(last=(10, 90, 99))[:-1], f"{mine.median / times[name].median:.2f}"]
        for name in (HANDLER, RENEWAL, *CALLS)
    ]
    note = f"""\
Of the same run. A renewal (`?renewal=true`) makes no call of Chime. Last column: our handler as a multiple of the row.

Our handler takes, than the slower of its two calls alone, {compared(mine.median, slower.median, GOAL, REASON)};
a renewal, than AssumeRole alone, {compared(times[RENEWAL].median, times[ASSUME].median, RENEWAL_GOAL, REASON)}."""
    return Table("Our handler beside its calls, milliseconds", note, ("", *COLUMNS, "our handler / this"), rows)
