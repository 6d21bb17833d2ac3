"""What docs/guests.md shows works: the entry is taken, and its programs invite people whom the authorizer lets in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from authorizer.clock import Clock
from authorizer.providers import Providers
from authorizer.settings import Settings
from authorizer.verifier import verify
from operations.doctor.person import person
from operations.functions import problems
from operations.template import Template
from tests.tokens import SECRET
from tests.verifying import SecretVersions

if TYPE_CHECKING:
    from authorizer.claims import Caller

PAGE = (Path(__file__).parents[2] / "docs" / "guests.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
[ANSWERS] = [yaml.safe_load(text) for language, text in BLOCKS if language == "yaml"]
[PYTHON, GUEST_ID] = [text for language, text in BLOCKS if language == "python"]
[NODE] = [text for language, text in BLOCKS if language == "js" and "createHmac" in text]
GUEST = ("6b0e7a1c-9d2f-4c1e-8a55-2f6d1f0f3f11", "Ada (guest)", ["visit-7"])


def executed(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - what the page shows
    return names


def by_python() -> str:
    return str(executed(PYTHON)["invitation"](*GUEST))


def by_node() -> str:
    node = shutil.which("node")
    if not node:
        pytest.skip("Node.js is not here")
    program = f"{NODE}process.stdout.write(invitation(...{json.dumps(GUEST)}));"
    done = subprocess.run([node, "--input-type=module", "--eval", program], capture_output=True, text=True, check=True)
    return done.stdout


def caller_of(token: str) -> Caller:
    guests = Settings.from_environ({"PROVIDERS": ANSWERS["Providers"]}, Clock()).providers.all[1]
    return verify(token, Providers((guests._replace(keys=SecretVersions(SECRET)),)), time.time())


def test_make_deploy_takes_the_answers() -> None:
    assert problems(ANSWERS, Template()) == []


@pytest.mark.parametrize("invite", [by_python, by_node])
def test_invitation_lets_its_guest_in(invite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUESTS_SECRET", SECRET.decode())

    caller = caller_of(invite())

    assert (caller.guest, caller.subject, caller.name) == (True, GUEST[0], "Ada (guest)")
    assert caller.rooms == '["visit-7"]'
    assert 3590 < caller.expires - time.time() <= 3600
    assert person(caller).user_id == executed(GUEST_ID)["guest_id"](GUEST[0])


@pytest.mark.parametrize("program", [PYTHON, NODE, GUEST_ID])
def test_ten_lines_are_enough(program: str) -> None:
    assert len([line for line in program.splitlines() if line and not line.startswith(("import", "}"))]) <= 10
