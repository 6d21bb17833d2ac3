"""`make run` where downloads fail or hang: in a copy of what it needs, with another npm, or none of pip."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
HANGING = "#!/bin/sh\necho called >> {calls}\nexec sleep 100000\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `make run` needs, with packages that are there, and an npm that never ends and notes that it was called."""
    made = tmp_path / "project"
    shutil.copytree(ROOT / "local", made / "local", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    for name in ("Makefile", "operations", "signin_function", "template.yaml", "web_client"):
        (made / name).symlink_to(ROOT / name)
    (made / ".venv" / "bin").mkdir(parents=True)
    # A link to it would not find its packages: they are beside the path by which it is called.
    (made / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (made / ".venv" / "bin" / "python").chmod(0o755)
    for name in ("made", "local"):
        (made / ".venv" / name).touch()
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(HANGING.format(calls=tmp_path / "calls"))
    npm.chmod(0o755)
    return made


@contextmanager
def make(project: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    path = f"{project.parent / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    with subprocess.Popen(
        ["make", "--silent", *arguments],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                # Nothing gentler: what is just being started would miss it.
                os.killpg(running.pid, signal.SIGKILL)


def start(project: Path) -> str:
    """Return what `make run` says until all is up."""
    free = "ARGS=--port 0 --issuer-port 0 --aws-port 0"
    with make(project, "run", free, "PAGE_SECONDS=1") as running:
        assert running.stdout
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                return "".join(lines)
    raise AssertionError("".join(lines))


def calls(project: Path) -> int:
    said = project.parent / "calls"
    return len(said.read_text().splitlines()) if said.exists() else 0


def test_npm_that_hangs_is_waited_for_once(project: Path) -> None:
    assert "so the page lacks" in start(project)
    before = calls(project)
    assert "SDK for JavaScript" not in start(project)
    assert calls(project) == before


def test_npm_is_tried_anew_when_asked_for(project: Path) -> None:
    start(project)
    before = calls(project)
    with make(project, "page") as running:
        assert running.stdout
        assert "Building the AWS SDK" in running.stdout.readline()
        while calls(project) == before:
            assert running.poll() is None
            time.sleep(0.01)


def test_packages_that_cannot_be_had_are_said_to_be_missing(project: Path) -> None:
    (project / ".venv" / "local").unlink()
    with make(project, "run", "PIP=false") as running:
        said, _ = running.communicate()
    assert "Is the package index that it asks within reach?" in said
    assert "Ctrl-C" not in said
    assert running.returncode
