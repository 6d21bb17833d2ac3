"""README's commands, executed as they are written, but on other ports, because the written ones may be in use."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

README = (ROOT / "README.md").read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
WITH_ANSWER = [
    pytest.param(command, json.loads(answer), id=f"block {number}")
    for number, ((language, command), (after, answer)) in enumerate(itertools.pairwise(BLOCKS))
    if (language, after) == ("sh", "json")
]
WITHOUT_THE_PAGE = ("--old-file", ".build/page/tried")
"""Nothing of it is built here: npm would change folders that other tests are reading at the same time."""
MADE = sorted(set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", README, flags=re.MULTILINE)))


@pytest.fixture(scope="module")
def moved() -> Iterator[dict[str, str]]:
    """Start `make run` on free ports; return where README's addresses are now."""
    with subprocess.Popen(
        ["make", "--silent", *WITHOUT_THE_PAGE, "run", "ARGS=--port 0 --issuer-port 0 --aws-port 0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout
        said = []
        for line in iter(running.stdout.readline, ""):
            said.append(line)
            if "Ctrl-C" in line:
                break
        addresses = re.findall(r"^[A-Z].*http://(127\.0\.0\.1:\d+) ", "".join(said), flags=re.MULTILINE)
        assert len(addresses) == 3, "make run ended before all was up"
        yield dict(zip(("127.0.0.1:3000", "127.0.0.1:3001", "127.0.0.1:3002"), addresses, strict=True))
        # As Ctrl-C does: make and what it started.
        os.killpg(running.pid, signal.SIGINT)


def execute(command: str, moved: dict[str, str]) -> str:
    for address, elsewhere in moved.items():
        command = command.replace(address, elsewhere)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shape(value: Any) -> Any:
    """Return *value* with each text as a text: what README shows with dots in it."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return type(value)


@pytest.mark.parametrize(("command", "shown"), WITH_ANSWER)
def test_command_gives_the_answer_that_is_shown(moved: dict[str, str], command: str, shown: dict[str, Any]) -> None:
    answer = json.loads(execute(command, moved))

    assert shape(answer) == shape(shown)
    for name in ("error", "reason", "error_description", "ChimeUserId", "ChimeDisplayName", "ChimeRegion"):
        assert answer.get(name) == shown.get(name)


def test_every_call_is_shown_with_its_answer() -> None:
    assert len(WITH_ANSWER) == len([text for language, text in BLOCKS if language == "sh" and "curl" in text]) == 3


@pytest.mark.parametrize("target", MADE)
def test_make_knows_each_command(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=True)
