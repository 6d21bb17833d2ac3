"""docs/CONTRIBUTING.md is followed: its test is run, and seen to fail; its table is what CI does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "CONTRIBUTING.md").read_text()
(CHANGE,) = re.findall(r"Write `(.*?)` in place of `(.*?)` in `(.*?)`", PAGE)
(FAILS,) = re.findall(r"The test `(\w+)\[(.*?)\]` fails", " ".join(PAGE.split()))
FILE, *_ = re.findall(r"^make test TESTS=(\S+)", PAGE, re.MULTILINE)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what that test needs, to be changed."""
    for name in ("signin_function", "local", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    for name in ("pyproject.toml", "template.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(checkout: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", FILE]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False).stdout


def test_the_change_makes_that_test_fail_and_no_other(checkout: Path) -> None:
    new, old, path = CHANGE
    changed = checkout / path

    assert " passed" in run(checkout)
    assert changed.read_text().count(old) == 1
    changed.write_text(changed.read_text().replace(old, new))
    failed = re.findall(r"^FAILED \S+::(\w+)\[(.*?)\]", run(checkout), re.MULTILINE)
    assert failed == [FAILS]


def test_ci_takes_the_steps_of_the_table_with_their_limits() -> None:
    command = r"make [a-z-]+(?: [A-Z]+=\d+)?"
    taken = "\n".join(re.findall(r"^(?:step|side_by_side) .*$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    steps = re.findall(rf"(?:^step |\")(\d+) ({command})(?:$|\")", taken, re.MULTILINE)
    rows = re.findall(rf"^\| `({command})` \| .* \| (\d+) \|$", PAGE, re.MULTILINE)

    assert rows == [(command, limit) for limit, command in steps]
