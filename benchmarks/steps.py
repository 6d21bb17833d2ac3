"""What each step brings: a cold sign-in by the functions as built, beside copies without one step each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cold import cold
from benchmarks.measure import Times, interleaved
from benchmarks.programs import check_allowed, check_signed_in, ours, python_note
from benchmarks.report import Table
from benchmarks.undoing import STEPS
from benchmarks.upstream import busy_note, upstream
from tests.docker.events import authorizer_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measure import Contender
    from benchmarks.upstream import Upstream

    Name = tuple[str, str]
    """The step that is undone, or BUILT; and the function: Authorizer or Signin."""

ROUNDS = 15
BUILT = "as built"
FUNCTIONS = {"Authorizer": "authorizer", "Signin": "handler"}
START = "the handler's start"


def tables() -> list[Table]:
    """Measure."""
    with upstream(tls=True) as running:
        contenders = _contenders(running)
        late = running.late()
        results = interleaved(contenders, ROUNDS)
        return [table(results, running.late() - late)]


def _contenders(running: Upstream) -> dict[Name, Contender]:
    assert running.trust
    built = {function: ours(running, function) for function in FUNCTIONS}
    programs = {(BUILT, function): program for function, program in built.items()}
    for number, (step, undoings) in enumerate(STEPS.items()):
        for one in undoings:
            folder = running.trust.folder / f"{one.function}-{number}"
            programs[step, one.function] = one.program(built[one.function], running, folder)
    asked = authorizer_event(running.token)
    with built["Authorizer"].running() as ask:
        event = signin_event(running.token, ask(asked)["answer"]["context"])
    events = {"Authorizer": (asked, check_allowed), "Signin": (event, check_signed_in)}
    contenders = {name: cold(running, program, *events[name[1]]) for name, program in programs.items()}
    return {**contenders, (START, "Signin"): lambda: built["Signin"].started(event)}


def table(results: Mapping[Name, Times], late: int = 0) -> Table:
    """Return what a sign-in takes without each step, the one that brings most first; *late* are answers of AWS's."""
    mine = [results[BUILT, function] for function in FUNCTIONS]
    whole = _sum(*mine)
    rows = [["nothing: ours, as built", " + ".join(FUNCTIONS.values()), *whole.cells(digits=0)[:3], "", "", ""]]
    for step, brought in sorted(_brought(results).items(), key=lambda found: -found[1].median):
        without = _sum(whole, brought)
        functions = " + ".join(FUNCTIONS[one.function] for one in STEPS[step])
        rows.append([step, functions, *without.cells(digits=0)[:3], *brought.cells()[:3]])
    return Table(
        "A cold sign-in, both functions, without one step each, milliseconds",
        f"{_note(results)}{busy_note(late)}",
        ("without", "in", "median", "p10", "p90", "the step brings", "p10", "p90"),
        rows,
    )


def _brought(results: Mapping[Name, Times]) -> dict[str, Times]:
    """Return by how much longer a sign-in takes without each step, of the functions in which it was undone."""
    return {
        step: _sum(*(_difference(results[step, one.function], results[BUILT, one.function]) for one in undoings))
        for step, undoings in STEPS.items()
    }


def _sum(*parts: Times) -> Times:
    return Times([sum(runs) for runs in zip(*(part.runs for part in parts), strict=True)])


def _difference(longer: Times, shorter: Times) -> Times:
    return Times([one - other for one, other in zip(longer.runs, shorter.runs, strict=True)])


def _note(results: Mapping[Name, Times]) -> str:
    start, handler = results[START, "Signin"].median, results[BUILT, "Signin"].median
    return f"""\
From a process's start to its answer, with TLS, the handler's after the authorizer's, as in [cold
sign-in](#cold-sign-in); medians of {ROUNDS} runs, all by turns. In each row but the first, one step is undone in a copy
of what `sam build` made; a look into a started process has shown that it is. What a step brings are the differences
within each turn: if their p10 is below zero, it hides in the spread. The rows do not add up, since what is loaded while
somebody is waited for costs less. {python_note()}

Of the handler's {handler:.0f} ms, {start:.0f} pass before it is given the event. That is what
[SnapStart](../docs/operating.md#faster-starts) would take away, and put restoring in its place."""
