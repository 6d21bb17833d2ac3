"""`.ci/run`, with a stub of `make`: steps over their limit are ended and named, and so are steps that fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.skipif(not shutil.which("timeout"), reason="GNU's timeout is not here; CI runs on Linux")

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
STEPS = ["test", "check", "test-browser", "soak SECONDS=60", "fuzz", "load", "fuzz-api", "test-docker", "invoke"]
SIDE_BY_SIDE = {"soak SECONDS=60", "fuzz", "load", "fuzz-api"}
"""These begin in any order."""
PERCENT = "4"
"""Of the limits, for what hangs. The least, 4 s, is a hundred times what a step takes that does nothing."""
MAKE = """#!/bin/sh
echo "$*" >> "$PROJECT/made"
if [ "$*" = "$FAILS" ]; then exit 2; fi
if [ "$*" = "$HANGS" ]; then sleep 600 & wait; fi
"""
ELSE = "#!/bin/sh\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose `make` does nothing, on a machine that has all else."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "bin").mkdir()
    for name, text in {"make": MAKE, "curl": ELSE, "chromium": ELSE, "image": ELSE}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def run(project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
        "PROJECT": str(project),
        "LAMBDA_RUNTIME_IMAGE": str(project / "bin" / "image"),
        "FAILS": "",
        "HANGS": "",
        **variables,
    }
    return subprocess.run(
        [project / ".ci" / "run"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def made(project: Path) -> list[str]:
    return (project / "made").read_text().splitlines()


def test_every_step_is_taken_and_told_with_its_time(project: Path) -> None:
    done = run(project)
    assert done.returncode == 0, done.stderr
    taken = made(project)[1:]
    assert [step for step in taken if step not in SIDE_BY_SIDE] == [step for step in STEPS if step not in SIDE_BY_SIDE]
    assert sorted(taken) == sorted(STEPS)
    for name in STEPS:
        assert re.search(rf"^── make {name}: \d+ s$", done.stdout, flags=re.MULTILINE)


def test_budgets_end_before_the_machine_that_runs_them_is_taken_away(project: Path) -> None:
    budgets = [int(found) for found in re.findall(r"(\d+) s at most", run(project).stdout)]
    [job] = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    assert len(budgets) == len(STEPS) + 3
    assert min(budgets) > 0
    assert sum(budgets) < 60 * job["timeout-minutes"]


def test_step_that_hangs_is_ended_with_what_it_started_and_named(project: Path) -> None:
    # Were only `make` ended, its child would hold our end of the output open.
    done = run(project, HANGS="invoke", PERCENT=PERCENT)
    assert done.returncode == 1
    assert done.stderr.strip() == "── make invoke was ended: it took more than 4 s"
    assert made(project)[-1] == "invoke"


def test_step_that_fails_is_named_and_the_last(project: Path) -> None:
    done = run(project, FAILS="check")
    assert done.returncode == 1
    assert re.fullmatch(r"── make check failed after \d+ s", done.stderr.strip())
    assert made(project)[-2:] == ["test", "check"]


def test_step_beside_another_that_fails_is_named_after_both_have_ended(project: Path) -> None:
    done = run(project, FAILS="load")
    assert done.returncode == 1
    assert re.search(r"^── make load failed after \d+ s$", done.stdout, flags=re.MULTILINE)
    assert re.search(r"^── make fuzz-api: \d+ s$", done.stdout, flags=re.MULTILINE)
    assert "test-docker" not in made(project)


def test_step_beside_another_that_hangs_is_ended_with_what_it_started(project: Path) -> None:
    done = run(project, HANGS="fuzz", PERCENT=PERCENT)
    assert done.returncode == 1
    assert "── make fuzz was ended: it took more than 7 s" in done.stdout
    assert "load" not in made(project)
