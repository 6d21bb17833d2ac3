"""Over all tables of tokens in the unit tests, the doctor says what the authorizer says, found and wanted included."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from authorizer.errors import ForbiddenReason, Reason
from operations.doctor.judgement import MENDS, NO_TOKEN, UNAVAILABLE

ROOT = Path(__file__).parents[2]
HELPERS = r"^from (?:tests\.verifying|tests\.shape|authorizer\.verifier) import"
TABLES = [
    path
    for path in sorted((ROOT / "tests" / "unit").glob("test_*.py"))
    if re.search(HELPERS, path.read_text(), re.MULTILINE) and "hypothesis" not in path.read_text()
]
"""All modules that have tokens verified, but for those that make tokens at random."""
CODES = {reason.code for reason in Reason} | {reason.value for reason in ForbiddenReason}
IN_THE_REQUEST = {Reason.TWO_HEADERS.code, Reason.TOKEN_TOO_LARGE.code}


def test_every_reason_has_its_mend() -> None:
    assert MENDS.keys() == CODES | {NO_TOKEN, UNAVAILABLE}


@pytest.mark.timeout(300)
def test_doctor_and_authorizer_say_the_same_of_every_token_in_the_tables(tmp_path: Path) -> None:
    given = tmp_path / "given.json"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.agreement", *map(str, TABLES)]
    variables = {**os.environ, "PYTHONPATH": "signin_function:.", "AGREEMENT": str(given)}

    ran = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-1000:]
    counted = json.loads(given.read_text())
    assert counted.keys() == CODES - IN_THE_REQUEST | {"", UNAVAILABLE}
    assert sum(counted.values()) > 500
