"""The question: what each step towards a faster cold sign-in brought, all of them by turns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.cold import both, one_after_the_other
from benchmarks.measure import CannotMeasureError, interleaved
from benchmarks.programs import python_note
from benchmarks.report import Table
from benchmarks.upstream import ROOT, upstream

if TYPE_CHECKING:
    from benchmarks.measure import Times

ROUNDS = 25
KEPT = ROOT / ".build" / "bench" / "steps"
"""What was built of earlier commits, by commit."""
BEFORE = "e0b50ba"
WITHOUT_BYTECODE = "sources alone, as `sam build` ships them by itself"
STEPS = {
    "bytecode beside the sources": BEFORE,
    "bytecode in their place, and nothing that is not read": "43d7dbd",
    "keys fetched by http.client, which is Python's own": "a5ebf83",
    "cryptography and Powertools loaded while issuers answer": "08f9430",
    "botocore without boto3": "3c5554c",
    "botocore without the handlers that are for other services": "74f896c",
    "no search for garbage meanwhile": "a599018",
}
"""The commit in which each came in, upon all those before it."""


def tables() -> list[Table]:
    """Build what each of the commits shipped, and measure."""
    builds = {WITHOUT_BYTECODE: _without_bytecode(_built(BEFORE))}
    builds |= {step: _built(commit) for step, commit in STEPS.items()}
    with upstream() as running:
        starts = {step: both(running, build)[:2] for step, build in builds.items()}
        contenders = {(step, part): start[part] for step, start in starts.items() for part in (0, 1)}
        times = interleaved(contenders, ROUNDS)
    return [_table({step: (times[step, 0], times[step, 1]) for step in builds})]


def _built(commit: str) -> Path:
    """Return what `sam build` makes of *commit*, built now if it is not kept from another time."""
    kept = KEPT / commit
    if not kept.exists():
        sam = Path(sys.executable).with_name("sam")
        # SAM calls `python3`, which has to be ours.
        path = os.pathsep.join([str(sam.parent), os.environ["PATH"]])
        with TemporaryDirectory() as folder:
            tree, made = Path(folder, "tree"), Path(folder, "made")
            _run("git", "worktree", "add", "--detach", str(tree), commit)
            try:
                _run(str(sam), "build", "--build-dir", str(made), folder=tree, PATH=path, SAM_CLI_TELEMETRY="0")
            finally:
                _run("git", "worktree", "remove", "--force", str(tree))
            shutil.copytree(made, kept.with_suffix(".part"), dirs_exist_ok=True)
            kept.with_suffix(".part").rename(kept)
    return kept


def _without_bytecode(built: Path) -> Path:
    kept = built.with_name(f"{built.name}-without-bytecode")
    if not kept.exists():
        part = kept.with_suffix(".part")
        shutil.copytree(built, part, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        part.rename(kept)
    return kept


def _run(*command: str, folder: Path = ROOT, **environment: str) -> None:
    # What `make` says to its own children is not meant for SAM's.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasureError(f"The steps need this project's whole history. {' '.join(command)}: {done.stderr}")


def _table(times: dict[str, tuple[Times, Times]]) -> Table:
    first = one_after_the_other(*times[WITHOUT_BYTECODE]).median
    rows = []
    for step, parts in times.items():
        together = one_after_the_other(*parts)
        figures = [f"{taken.median:,.0f}" for taken in parts]
        rows.append([step, *figures, *together.cells(digits=0), f"{together.median / first:.2f}"])
    note = f"""\
Measured as above, by turns. What is shipped is built from the commit in which the step came in, so each row has what
the rows above it brought; driver and upstream are today's. {python_note()}"""
    columns = ("", "authorizer", "handler", "both", "p10", "p90", "runs", "of the first row")
    return Table("Cold sign-in step by step, milliseconds", note, columns, rows)
