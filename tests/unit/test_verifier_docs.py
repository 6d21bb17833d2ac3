"""The page of checks knows every reason, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from authorizer.errors import ForbiddenReason, Reason

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verifier.md").read_text()
ROWS = [[cell.strip() for cell in line.split(" | ")] for line in PAGE.splitlines() if re.match(r"\| \d", line)]
TESTS = {
    name
    for module in ROOT.glob("tests/*/test_*.py")
    for name in re.findall(r"^def (test_\w+)", module.read_text(), flags=re.MULTILINE)
}
CODES = {reason.code for reason in Reason} | {reason.value for reason in ForbiddenReason}


def test_every_reason_stands_in_the_table_and_no_other() -> None:
    stated = {code for row in ROWS for code in re.findall(r"`(\w+)`", row[2])}

    assert stated == CODES | {"unauthorized", "unavailable"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_every_check_names_tests_that_are_there(row: list[str]) -> None:
    named = re.findall(r"`(test_\w+)`", row[4])

    assert named
    assert set(named) <= TESTS


def test_every_other_test_on_the_page_is_there() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE)) <= TESTS


def test_checks_are_numbered_as_they_happen() -> None:
    assert [row[0] for row in ROWS] == [f"| {number}" for number in range(1, len(ROWS) + 1)]
