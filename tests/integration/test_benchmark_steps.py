"""How `make bench` undoes a step in a copy of a function, and that it says so if it cannot any more."""

from __future__ import annotations

import ast
import os
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.measure import CannotMeasureError, Times
from benchmarks.programs import CONTENDERS, Program
from benchmarks.steps import BUILT, FUNCTIONS, START, table
from benchmarks.undoing import STEPS, Undoing
from benchmarks.upstream import Upstream
from tests.layers import SIGNIN_FUNCTION

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = Upstream({}, {}, "", {}, "", None, control=None)  # type: ignore[arg-type] # nobody is asked
TOY = "FAST = True\n\ndef handler(event, context):\n    return FAST\n"
SLOW = ("toy/app.py", "FAST = True", "FAST = False")
SAYS = "print(not app.FAST)"


@pytest.fixture
def toy(tmp_path: Path) -> Program:
    """A function as built: its code, and a layer."""
    folders = [tmp_path / "built" / name for name in ("code", "packages")]
    for folder in folders:
        folder.mkdir(parents=True)
    (folders[0] / "toy").mkdir()
    (folders[0] / "toy" / "app.py").write_text(TOY)
    environment = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"}
    return Program((sys.executable, "-P", str(CONTENDERS / "driver.py"), "toy.app.handler"), environment)


def test_a_step_is_undone_in_a_copy_and_stays_in_what_was_built(toy: Program, tmp_path: Path) -> None:
    answers: list[object] = []
    for program in (Undoing("Toy", SAYS, [SLOW]).program(toy, NOWHERE, tmp_path / "undone"), toy):
        program.cold({}, answers.append)
    assert answers == [False, True]


@pytest.mark.parametrize(
    ("undoing", "reason"),
    [
        pytest.param(Undoing("Toy", SAYS), r"was not undone, but \('False', 'False'\)", id="when nothing has changed"),
        pytest.param(Undoing("Toy", "print(True)", [SLOW]), r"\('True', 'True'\)", id="when there is no such step"),
        pytest.param(Undoing("Toy", "app.gone", [SLOW]), "AttributeError", id="when what is looked at has gone"),
        pytest.param(
            Undoing("Toy", SAYS, [("toy/app.py", "FAST = 1", "")]), "0 times", id="when the code is written otherwise"
        ),
        pytest.param(Undoing("Toy", SAYS, [("toy/app.py", "FAST", "SLOW")]), "2 times", id="when it is there twice"),
    ],
)
def test_what_cannot_be_undone_is_told(toy: Program, tmp_path: Path, undoing: Undoing, reason: str) -> None:
    with pytest.raises(CannotMeasureError, match=reason):
        undoing.program(toy, NOWHERE, tmp_path / "undone")


@pytest.mark.parametrize("step", STEPS)
def test_the_code_that_a_step_is_undone_in_is_there(step: str) -> None:
    for undoing in STEPS[step]:
        for module, before, after in undoing.edits:
            source = (SIGNIN_FUNCTION / module).read_text()
            assert source.count(before) == 1, f"benchmarks/undoing.py undoes “{step}” by it; undo it in another way"
            ast.parse(source.replace(before, after))


def test_a_start_ends_where_the_handler_begins() -> None:
    long_ago = 'import json, os, sys; input(); os.write(int(sys.argv[1]), b\'{"milliseconds": 1e9, "answer": {}}\\n\')'
    assert Program((sys.executable, "-c", long_ago), {}).started({}) < -1e8


def test_what_a_step_brings_is_told_within_each_turn_and_the_most_first() -> None:
    built = {"Authorizer": Times([100.0, 200.0]), "Signin": Times([150.0, 150.0])}
    results = {(BUILT, function): times for function, times in built.items()} | {(START, "Signin"): Times([90.0] * 2)}
    steps = list(STEPS)
    for number, step in enumerate(steps):
        for one in STEPS[step]:
            results[step, one.function] = Times([run + number for run in built[one.function].runs])

    made = table(results)

    assert list(made.rows[0][:3]) == ["nothing: ours, as built", "authorizer + handler", "300"]
    brought = {row[0]: float(row[5]) for row in made.rows[1:]}
    assert brought == {step: number * len(STEPS[step]) for number, step in enumerate(steps)}
    assert list(brought.values()) == sorted(brought.values(), reverse=True)
    assert "Of the handler's 150 ms, 90 pass before" in made.note
    assert {one.function for undoings in STEPS.values() for one in undoings} == set(FUNCTIONS)
