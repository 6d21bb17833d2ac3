"""What is shipped, as `sam build` made it, and what loading it takes."""

from __future__ import annotations

import re
import subprocess
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.programs import BUILT, Program, ours, python_note
from benchmarks.report import Table
from benchmarks.upstream import upstream
from tests import budgets

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 15

# import time: self [us] | cumulative | imported package
_IMPORT = re.compile(r"import time: +(\d+) \| +\d+ \| +[\w.]+")


def tables() -> list[Table]:
    """Count and measure."""
    with upstream() as running:
        loading = {name: _loading(name.lower(), ours(running, name)) for name in ("Authorizer", "Signin", "Rooms")}
    note = (
        "MB of 1,000,000 bytes, unzipped. Loading is `-X importtime`'s sum, which costs time itself, the median of "
        f"{ROUNDS} starts; modules are those that a start has loaded. {python_note()}"
    )
    columns = ("", "MB", "of which bytecode", "files", "budget, MB", "largest", "loading, ms", "modules")
    rows = [_row(artifact, loading) for artifact in sorted(path for path in BUILT.iterdir() if path.is_dir())]
    return [Table("What is shipped", note, columns, rows)]


def _row(artifact: Path, loading: dict[str, tuple[float, int]]) -> list[str]:
    files = _files(artifact)
    compiled = sum(size for path, size in files.items() if path.suffix == ".pyc")
    packages = artifact / "python"
    largest = max(packages.iterdir(), key=lambda path: sum(_files(path).values())) if packages.exists() else None
    milliseconds, modules = loading.get(artifact.name.removesuffix("Function"), (None, None))
    return [
        artifact.name,
        _mega(sum(files.values())),
        _mega(compiled),
        str(len(files)),
        str(budgets.MEGABYTES[artifact.name]),
        f"{largest.name}, {_mega(sum(_files(largest).values()))}" if largest else "",
        "" if milliseconds is None else f"{milliseconds:.1f}",
        "" if modules is None else str(modules),
    ]


def _files(path: Path) -> dict[Path, int]:
    paths = path.rglob("*") if path.is_dir() else [path]
    return {file: file.stat().st_size for file in paths if file.is_file()}


def _mega(size: int) -> str:
    return f"{size / 1e6:.2f}"


def _loading(package: str, program: Program) -> tuple[float, int]:
    """Return the milliseconds, and the number of modules, that loading *package* takes."""
    command = [program.command[0], "-X", "importtime", "-c", f"import {package}.app"]
    runs = [_import_times(command, dict(program.environment)) for _ in range(ROUNDS)]
    return median(sum(run) / 1000 for run in runs), len(runs[0])


def _import_times(command: list[str], environment: dict[str, str]) -> list[int]:
    """Return the microseconds of each module, without those that it imports."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [int(microseconds) for microseconds in _IMPORT.findall(done.stderr)]
