"""Ask the questions that were named, or all: `python -m benchmarks [question …]`."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time

from benchmarks import report
from benchmarks.measure import CannotMeasureError

QUESTIONS = (
    "cold",
    "warm",
    "rooms",
    "memory",
    "load",
    "verifier",
    "shipped",
    "steps",
)
"""Modules of this package, in README.md's order."""


def main() -> None:
    """Measure, print each table as it is there, and put them into README.md; go on after a question that fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="question", help=", ".join(QUESTIONS))
    questions = parser.parse_args().questions
    unknown = set(questions) - set(QUESTIONS)
    if unknown:
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    failed = [question for question in questions or QUESTIONS if not answered(question)]
    if failed:
        sys.exit(f"NOT MEASURED, and left as it was in {report.README.name}: {', '.join(failed)}. See above.")


def answered(question: str) -> bool:
    """Ask *question*; if it cannot be measured, say why on stderr, and return False."""
    start = time.monotonic()
    sys.stderr.write(f"── {question}\n")
    try:
        found = report.section(importlib.import_module(f"benchmarks.{question}").tables())
    except (CannotMeasureError, OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"── {question} FAILED after {time.monotonic() - start:.0f} s: {error}\n")
        return False
    sys.stdout.write(f"## {question}\n\n{found}\n\n")
    sys.stdout.flush()
    report.write(report.README, question, found)
    sys.stderr.write(f"── {question}: {time.monotonic() - start:.0f} s\n")
    return True


if __name__ == "__main__":
    main()
