"""How long a first sign-in takes, in fresh processes of both functions, beside others that do the same."""

from __future__ import annotations

import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import prices
from benchmarks.measure import COLUMNS, CannotMeasureError, Times, compared, interleaved, timed
from benchmarks.pairs import BEST, OURS, PAIRS, USUAL, authorizers, handlers
from benchmarks.programs import (
    SDK_V2,
    check_allowed,
    check_signed_in,
    extra_certificates,
    node,
    ours,
    python,
    python_note,
    trusted,
)
from benchmarks.report import Table, listed
from benchmarks.upstream import DELAY, upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measure import Contender
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

    Results = Mapping[tuple[str, bool], Times]
    """By the contender's name, and whether the issuer and AWS used TLS."""

ROUNDS = 15
GOALS = {BEST: 0.85, USUAL: 0.78}
"""How many times as long as these our two functions may take, TLS included."""
OURS_ALONE = {"Authorizer": "the authorizer's libraries alone", "Signin": "the handler's libraries alone"}
LEAN = "Node.js, SDK v2, its two clients alone"
PARTS = (*OURS_ALONE.values(), "Node.js that does nothing", "… and makes a TLS context", "… with an extra certificate")
_MODULES = """\
import sys, {0}.app
loaded = [name for name, module in sys.modules.items() if getattr(module, "__spec__", None)]
print(*(name for name in loaded if name.partition(".")[0] not in ("authorizer", "signin", "__main__")))"""
_LOADS = """\
import contextlib, gc, importlib, os
gc.disable()
for name in {!r}.split():
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
os._exit(0)"""
"""Without the shutdown of the interpreter, because no client waits for that."""


def tables() -> list[Table]:
    """Measure."""
    with upstream() as plain, upstream(tls=True) as secured:
        contenders = {(name, False): one for name, one in _sign_ins(plain).items()}
        contenders |= {(name, True): one for name, one in (_sign_ins(secured) | _others(secured)).items()}
        results = interleaved(contenders, ROUNDS)
        megabytes = int(secured.environments["SigninFunction"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        certificates = [name for function in ("Authorizer", "Signin") for name in trusted(secured, function)]
    return [whole(results, megabytes, certificates), _beside(results)]


def _sign_ins(running: Upstream) -> dict[str, Contender]:
    """Return a cold start of each authorizer and of each handler."""
    verifying = authorizers(running)
    asked = authorizer_event(running.token)
    with verifying["ours, the authorizer"].running() as ask:
        event = signin_event(running.token, ask(asked)["answer"]["context"])
    return {
        **{name: cold(running, program, asked, check_allowed) for name, program in verifying.items()},
        **{name: cold(running, program, event, check_signed_in) for name, program in handlers(running).items()},
        LEAN: cold(running, node(running, SDK_V2 / "lean.js"), event, check_signed_in),
    }


def cold(running: Upstream, program: Program, event: Any, check: Callable[[Any], None]) -> Contender:
    """Return a cold start of *program*, to its answer to *event*; it must ask a server of *running*'s."""

    def measured() -> float:
        before = running.opened()
        milliseconds = program.cold(event, check)
        if running.opened() == before:
            raise CannotMeasureError(f"A contender asked none of the servers that are there for it: {program.command}")
        return milliseconds

    return measured


def _others(running: Upstream) -> dict[str, Contender]:
    """Return what a start is made of."""
    context = ["node", "-e", "require('node:tls').createSecureContext()"]
    variables = ours(running, "Signin").environment
    commands = [
        (["node", "-e", ""], variables),
        (context, variables),
        (context, {**variables, **extra_certificates(running)}),
    ]
    loading = [_loading(ours(running, function), function.lower()) for function in OURS_ALONE]
    starts = [
        timed(partial(subprocess.run, command, env=dict(environment), check=True)) for command, environment in commands
    ]
    return dict(zip(PARTS, [*loading, *starts], strict=True))


def _loading(program: Program, package: str) -> Contender:
    """Return a process that imports what *program* has imported when it has started, but for our own code, and ends."""
    environment = dict(program.environment)
    command = [python(), "-P", "-c", _MODULES.format(package)]
    modules = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    loads = [python(), "-P", "-c", _LOADS.format(modules[-1])]
    return timed(partial(subprocess.run, loads, env=environment, check=True))


def _pair(results: Results, name: str, *, tls: bool) -> Times | None:
    """Return what both functions took, the handler after the authorizer."""
    if any((part, tls) not in results for part in PAIRS[name]):
        return None
    runs = (results[part, tls].runs for part in PAIRS[name])
    return Times([sum(pair) for pair in zip(*runs, strict=True)])


def whole(results: Results, megabytes: int, certificates: list[str]) -> Table:
    """Return the pairs side by side, and whether the goals are reached; *certificates* are where ours trust whom."""
    secured = {name: found for name in PAIRS if (found := _pair(results, name, tls=True))}
    mine = secured[OURS].median
    rows = []
    for name, taken in secured.items():
        parts = [results[part, True].median for part in PAIRS[name]]
        plain = _pair(results, name, tls=False)
        rows.append(
            [
                name,
                *taken.cells(digits=0)[:3],
                " + ".join(f"{part:.0f}" for part in parts),
                f"{mine / taken.median:.2f}",
                f"{plain.median:.0f}" if plain else "",
                f"{prices.of_a_million(megabytes, *parts):.2f}",
            ]
        )
    columns = ("", "with TLS", "p10", "p90", "authorizer + handler", "ours / this", "without TLS", "USD")
    return Table(
        "Cold sign-in, both functions, milliseconds", _note(results, secured, megabytes, certificates), columns, rows
    )


def _note(results: Results, secured: Mapping[str, Times], megabytes: int, certificates: list[str]) -> str:
    floor = sum(results[name, True].median for name in OURS_ALONE.values()) + 1000 * DELAY
    parts = " + ".join(f"{results[name, True].median:.0f}" for name in OURS_ALONE.values())
    goals = [
        f"than “{name}” "
        + compared(
            secured[OURS].median,
            secured[name].median,
            goal,
            f"the libraries of both functions and one call of AWS take {parts} + {1000 * DELAY:.0f} = {floor:.0f} ms, "
            f"{floor / secured[name].median:.2f} of it",
        )
        for name, goal in GOALS.items()
    ]
    return f"""\
From a process's start to its answer, the handler's after the authorizer's, as on AWS: a user waits for both. Medians of
{ROUNDS} runs, all rows and both columns by turns; the medians of the two functions need not add up to the pair's. Each
authorizer fetches the keys, and verifies signature, issuer, audience, algorithm and expiry; each handler calls
AssumeRole with the user's tag. The others call CreateAppInstanceUser after it, as Amazon's demo does; ours asks for the
user meanwhile. Each call of AWS takes {1000 * DELAY:.0f} ms, as does the key set. Powertools' verifier takes no issuer
without TLS. Ours are what `sam build` made; the other Python has its bytecode, too. {python_note()}

Handshakes are in it. The certificates are of a throwaway authority, which was added to what each trusts already:
for the other Python to its own and the system's, for Node.js by `NODE_EXTRA_CA_CERTS` (its cost is in the next table),
and for ours to
{listed(f"`{name}`" for name in certificates)}

{prices.NOTE}; each function has {megabytes:,} MB, and a start is billed.

Goals, with TLS: ours takes
{listed(goals)}"""


def _beside(results: Results) -> Table:
    mine = _pair(results, OURS, tls=True)
    assert mine
    names = [*(pair[1] for pair in PAIRS.values() if pair is not PAIRS[OURS]), LEAN, *PARTS]
    rows = [
        [name, *results[name, True].cells(digits=0), f"{mine.median / results[name, True].median:.2f}"]
        for name in names
    ]
    note = """\
With TLS. The first five are one function that verifies nothing: it believes the event, as Amazon's demo does. “Alone”
is a process that imports what the function has imported when it has started, but for our own code, and ends. Node.js
has its certificates compiled in, and reads them when it makes the first TLS context. Last column: both of ours as a
multiple of the row."""
    return Table(
        "Beside it: one function that believes, and what starts are made of, milliseconds",
        note,
        ("", *COLUMNS, "both of ours / this"),
        rows,
    )
