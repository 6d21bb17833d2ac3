"""Ask the questions that were named, or all: `python -m benchmarks [question …]`."""

from __future__ import annotations

import argparse
import importlib
import sys

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
)
"""Modules of this package, in README.md's order."""


def main() -> None:
    """Measure, print each table as it is there, and put them into README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="question", help=", ".join(QUESTIONS))
    questions = parser.parse_args().questions
    unknown = set(questions) - set(QUESTIONS)
    if unknown:
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    try:
        for question in questions or QUESTIONS:
            _ask(question)
    except CannotMeasureError as error:
        sys.exit(str(error))


def _ask(question: str) -> None:
    found = report.section(importlib.import_module(f"benchmarks.{question}").tables())
    sys.stdout.write(f"## {question}\n\n{found}\n\n")
    sys.stdout.flush()
    report.write(report.README, question, found)


if __name__ == "__main__":
    main()
