"""docs/doctor.md has every check of the doctor, as the code describes it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from operations.doctor.doctor import all_checks
from operations.doctor.report import ALL_OK, COULD_NOT_LOOK, SOMETHING_WRONG

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text()


def test_page_has_every_check_and_no_other() -> None:
    checks = sorted(all_checks(), key=lambda each: (each.place != "outside", each.name))
    rows = [f"| {each.name} | {each.place} | {each.looks_at} |" for each in checks]

    assert re.findall(r"^\| .+? \| (?:outside|inside) \| .*$", PAGE, re.MULTILINE) == rows


def test_page_has_every_exit_status() -> None:
    stated = [int(number) for number in re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)]

    assert stated == [ALL_OK, SOMETHING_WRONG, COULD_NOT_LOOK]


def test_page_has_every_variable_of_the_command() -> None:
    recipe = MAKEFILE.partition("\ndoctor:")[2].partition("\n\n")[0]
    read = set(re.findall(r"\(value ([A-Z_]+)\)", recipe)) | {"ENV"}

    assert set(re.findall(r"^\| `([A-Z_]+)(?:=1)?` \|", PAGE, re.MULTILINE)) == read
