"""Turn results into Markdown, and put them into README.md between the markers that name their question."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

README = Path(__file__).with_name("README.md")
ROOT = README.parents[1]


@dataclass(frozen=True)
class Table:
    """
    What was found, ready to print.

    *title* names the unit too, *note* (Markdown, may be empty) says under which conditions, and what follows from the
    figures; the first column holds names, the others figures.
    """

    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        """Refuse a row that the columns do not fit."""
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: {len(row)} cells for {len(self.columns)} columns in {row}")

    def markdown(self) -> str:
        """Return the table with its title and note."""
        lines = [list(self.columns), ["---", *["---:"] * (len(self.columns) - 1)], *map(list, self.rows)]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return "\n\n".join(part for part in (f"**{self.title}**", table, self.note) if part)


def listed(items: Iterable[str]) -> str:
    """Return *items* as a list, in a paragraph of its own."""
    return "\n" + ";\n".join(f"- {item}" for item in items) + "."


class MarkersMissingError(Exception):
    """README.md has no place for a question; the text says which."""


def write(readme: Path, question: str, content: str) -> None:
    """
    Replace what *readme* holds between the markers of *question*.

    Raises:
        MarkersMissingError: They are not there, once each and in order.
    """
    text = readme.read_text()
    begin, end = f"<!-- make bench: {question} -->", f"<!-- end of {question} -->"
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end) or begin in after:
        raise MarkersMissingError(f"{readme.name} has no place for {question}: write {begin} and {end} into it")
    readme.write_text(f"{before}{begin}\n\n{content}\n\n{end}{after}")


def section(tables: Iterable[Table]) -> str:
    """Return what README.md says of one question: where and when it was asked, and the tables."""
    return "\n\n".join([f"*{conditions()}*", *(table.markdown() for table in tables)])


def conditions() -> str:
    """Name the machine, the interpreters, the day and the commit."""
    python = f"Python {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    parts = (_processor(), f"{os.cpu_count()} cores", _system(), python, _node(), today, _commit())
    return ", ".join(part for part in parts if part)


def _processor() -> str:
    # Linux alone tells the model here.
    information = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.*)$", information.read_text(), re.MULTILINE) if information.exists() else None
    return named[1] if named else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"


def _node() -> str:
    version = _said("node", "--version")
    return f"Node.js {version.removeprefix('v')}" if version else ""


def _commit() -> str:
    changed = ", with changes" if _said("git", "status", "--porcelain", "--untracked-files=no", "--", ":!*.md") else ""
    commit = _said("git", "rev-parse", "--short", "HEAD")
    return f"commit {commit}{changed}" if commit else ""


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
