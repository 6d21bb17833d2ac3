"""The question: what is shipped, as `sam build` made it, and what loading it takes."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.programs import BUILT, Program, ours, python_note
from benchmarks.report import Table
from benchmarks.upstream import upstream
from tests import budgets

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 15
LISTED = 14
"""Packages that a table shows; the others are one row."""

# import time: self [us] | cumulative | imported package
_IMPORT = re.compile(r"import time: +(\d+) \| +\d+ \| +([\w.]+)")


def tables() -> list[Table]:
    """Count and measure."""
    with upstream() as running:
        imports = [_imports("authorizer", ours(running, "Authorizer")), _imports("signin", ours(running, "Signin"))]
    return [_sizes(), *imports]


def _sizes() -> Table:
    rows = []
    for artifact in sorted(path for path in BUILT.iterdir() if path.is_dir()):
        files = _files(artifact)
        compiled = sum(size for path, size in files.items() if path.suffix == ".pyc")
        rows.append(
            [
                artifact.name,
                _mega(sum(files.values())),
                _mega(compiled),
                str(len(files)),
                str(budgets.MEGABYTES[artifact.name]),
            ]
        )
        packages = artifact / "python"
        by_size = sorted(packages.iterdir(), key=lambda path: -sum(_files(path).values())) if packages.exists() else []
        rows += [[f"… {path.name}", _mega(sum(_files(path).values())), "", "", ""] for path in by_size[:5]]
    note = "MB of 1,000,000 bytes, unzipped, with the five largest parts of each layer."
    return Table("What is shipped", note, ("", "MB", "of which bytecode", "files", "budget, MB"), rows)


def _files(path: Path) -> dict[Path, int]:
    paths = path.rglob("*") if path.is_dir() else [path]
    return {file: file.stat().st_size for file in paths if file.is_file()}


def _mega(size: int) -> str:
    return f"{size / 1e6:.2f}"


def _imports(package: str, program: Program) -> Table:
    runs = [_import_times(package, program) for _ in range(ROUNDS)]
    names = {name for run in runs for name in run}
    medians = {name: median(run.get(name, 0) for run in runs) for name in names}
    first = sorted(medians, key=lambda name: -medians[name])[:LISTED]
    rows = [[name, f"{medians[name]:.1f}"] for name in first]
    rest = sum(medians.values()) - sum(medians[name] for name in first)
    rows += [["all others, Python's own mostly", f"{rest:.1f}"], ["all", f"{sum(medians.values()):.1f}"]]
    note = (
        f"`-X importtime`, which costs time itself: each package without what it imports, medians of {ROUNDS} starts. "
        f"`{package}` includes what its start does: settings, clients, connections, keys. {python_note()}"
    )
    return Table(f"What loading {package} takes, milliseconds", note, ("", "ms"), rows)


def _import_times(package: str, program: Program) -> dict[str, float]:
    """Return milliseconds by top-level package."""
    command = [program.command[0], "-X", "importtime", "-c", f"import {package}.app"]
    done = subprocess.run(command, env=dict(program.environment), capture_output=True, text=True, check=True)
    took: dict[str, float] = defaultdict(float)
    for microseconds, name in _IMPORT.findall(done.stderr):
        took[name.partition(".")[0]] += int(microseconds) / 1000
    return took
