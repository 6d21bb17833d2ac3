"""What people give to make is text: neither Make nor a shell runs anything in it, and it arrives letter for letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
COMMANDS = re.findall(r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE)
VARIABLES = sorted(set(re.findall(r"\$\(value ([A-Z_]+)\)|\$\$\{?([A-Z_]+)|\(call with_words_of,([A-Z_]+)", MAKEFILE)))
NAMES = sorted({name for names in VARIABLES for name in names if name and name != "PATH"} | {"CONFIRM", "NOBODY_S"})
HOSTILE = (
    """a $(shell touch {0}) $(touch {0}) `touch {0}` "; touch {0}; " '; touch {0}; ' $$(touch {0}) $(value X) * b"""
)

# Notes what it was called with; Makefile's own helpers run.
RECORDER = """\
#!/bin/sh
test "$1" = -c && test "${{0##*/}}" = python && exec '{python}' "$@"
for word in "${{0##*/}}" "$@"; do printf '%s\\0' "$word"; done >> '{calls}'
printf '\\n' >> '{calls}'
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what commands need, in which every program only notes that it was called."""
    made = tmp_path / "project"
    made.mkdir()
    shutil.copy(ROOT / "Makefile", made)
    for name in ("samconfig.toml", "template.yaml"):
        (made / name).symlink_to(ROOT / name)
    # Links to files, in folders of its own: through a link to a folder `make clean` would delete what is in ours.
    installed = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("environments", "signin_function", "local", "tests", "benchmarks", "web_client"):
        shutil.copytree(ROOT / name, made / name, ignore=installed, copy_function=os.symlink)
    recorder = RECORDER.format(python=sys.executable, calls=tmp_path / "calls")
    (made / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for name in ("python", "pytest", "sam", "uv", "ruff", "mypy", "lint-imports"):
        _write(made / ".venv" / "bin" / name, recorder)
    for name in ("npm", "node", "chromium", "python3", "rm"):  # rm, because the folders above are those of this tree
        _write(tmp_path / "bin" / name, recorder)
    for name in ("made", "local", "dev", "meetings", "fuzz", "checkov/made", "schemathesis/made"):
        (made / ".venv" / name).parent.mkdir(exist_ok=True)
        (made / ".venv" / name).touch()
    (made / ".build" / "page").mkdir(parents=True)
    (made / ".build" / "page" / "tried").touch()
    return made


def _write(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def make(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name not in NAMES}
    path = f"{project.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["make", "--silent", *arguments],
        cwd=project,
        env={**kept, "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def calls(project: Path) -> list[list[str]]:
    """Return what was called, as lists of words."""
    file = project.parent / "calls"
    return [line.split("\0")[:-1] for line in file.read_text().split("\n")[:-1]] if file.exists() else []


WITH_ALL_VALUES = ["--parameter-overrides", "file://.aws-sam/build/parameters.yaml"]


def test_commands_and_variables_are_found() -> None:
    assert {"revoke", "deploy", "run", "delete", "push-role", "clean"} <= set(COMMANDS)
    known = {
        "ARGS",
        "CHROMIUM",
        "ENV",
        "GRADUAL",
        "MEETINGS",
        "ONLY",
        "PYTHON",
        "SECONDS",
        "SNAPSTART",
        "TESTS",
        "UPGRADE",
        "USER",
        "WITHIN",
    }
    assert known <= set(NAMES)


def test_clean_removes_nothing_outside_its_own_project(project: Path) -> None:
    linked = [path for path in project.rglob("*") if path.is_symlink() and path.resolve().is_dir()]
    assert not linked
    make(project, "clean")
    assert (project / "tests" / "unit" / Path(__file__).name).resolve() == Path(__file__).resolve()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_runs_what_stands_in_a_variable(project: Path, command: str) -> None:
    ran = project.parent / "ran"
    hostile = HOSTILE.format(ran)

    make(project, command, *(f"{name}={hostile}" for name in NAMES))
    assert not ran.exists()
    for name in NAMES:
        make(project, command, "USER=ada", *([] if name == "USER" else [f"{name}={hostile}"]), **{name: hostile})
        assert not ran.exists(), name
        make(project, command, "USER=ada", **{name: hostile})
        assert not ran.exists(), f"{name}, from the environment"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("revoke", "USER"), ["python", "-m", "operations", "revoke", "--", "{}"], id="revoke"),
        pytest.param(("restore", "USER"), ["python", "-m", "operations", "restore", "--", "{}"], id="restore"),
        pytest.param(("erase", "USER"), ["python", "-m", "operations", "erase", "--", "{}"], id="erase"),
        pytest.param(("fuzz", "SECONDS"), ["python", "-m", "tests.fuzz", "{}"], id="fuzz"),
        pytest.param(("fuzz-api", "SECONDS"), ["python", "-m", "tests.schemathesis", "{}", ""], id="fuzz-api"),
        pytest.param(("fuzz-api", "SEED"), ["python", "-m", "tests.schemathesis", "30", "{}"], id="fuzz-api, again"),
    ],
)
def test_value_arrives_letter_for_letter(project: Path, arguments: tuple[str, str], expected: list[str]) -> None:
    command, name = arguments
    hostile = HOSTILE.format("x")

    done = make(project, command, f"{name}={hostile}")

    assert done.returncode == 0, done.stderr
    assert calls(project) == [[word.format(hostile) for word in expected]]


def test_nothing_of_this_tree_is_removed(project: Path) -> None:
    done = make(project, "clean")

    assert done.returncode == 0, done.stderr
    assert [words[:2] for words in calls(project) if words[0] == "rm"] == [["rm", "-rf"]]


def test_words_of_args_arrive_as_a_shell_would_quote_them(project: Path) -> None:
    done = make(project, "run", """ARGS=--set NAME="a b" --set 'X=$(touch ran)`touch ran`$$HOME' *""")

    assert done.returncode == 0, done.stderr
    words = ["--set", "NAME=a b", "--set", "X=$(touch ran)`touch ran`$$HOME", "*"]
    assert calls(project) == [["python", "-m", "local", *words]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([], ["--numprocesses", "4", "--dist", "loadfile"], id="all"),
        pytest.param(["TESTS="], ["--numprocesses", "4", "--dist", "loadfile"], id="none named"),
        pytest.param(["TESTS=tests/unit/test_names.py"], ["tests/unit/test_names.py"], id="one file"),
        pytest.param(["TESTS='a.py::test_b[two words]' c.py"], ["a.py::test_b[two words]", "c.py"], id="two of them"),
    ],
)
def test_make_test_runs_all_tests_or_those_that_are_named(project: Path, given: list[str], expected: list[str]) -> None:
    done = make(project, "test", *given)

    assert done.returncode == 0, done.stderr
    assert calls(project) == [["pytest", *expected]]
    assert ("Left out: " in done.stdout) == (len(expected) == 4)


@pytest.mark.parametrize(
    ("given", "in_environment", "expected"),
    [
        pytest.param([], {}, "dev", id="neither"),
        pytest.param(["ENV=prod"], {}, "prod", id="as an argument"),
        pytest.param([], {"ENV": "prod"}, "prod", id="in the environment"),
    ],
)
def test_deploy_deploys_what_env_says(
    project: Path, given: list[str], in_environment: dict[str, str], expected: str
) -> None:
    (project / ".aws-sam" / "build").mkdir(parents=True)

    done = make(project, "deploy", *given, **in_environment)

    assert done.returncode == 0, done.stderr
    assert calls(project) == [
        ["python", "-m", "operations", "prepare"],
        ["sam", "build"],
        ["python", "-m", "operations.all_values"],
        ["sam", "deploy", "--config-env", expected, *WITH_ALL_VALUES, "--no-confirm-changeset"],  # no terminal is here
        ["python", "-m", "operations", "try-out"],
    ]


def test_deploy_hands_on_what_is_answered(project: Path) -> None:
    (project / ".aws-sam" / "build").mkdir(parents=True)

    done = make(project, "deploy", """ARGS=--answer 'Providers=[{"name": "$(touch ran)"}]' --region eu-central-1""")

    assert done.returncode == 0, done.stderr
    words = ["--answer", 'Providers=[{"name": "$(touch ran)"}]', "--region", "eu-central-1"]
    assert calls(project)[0] == ["python", "-m", "operations", "prepare", *words]


def test_deploy_builds_nothing_where_something_has_to_be_mended_first(project: Path) -> None:
    _write(project / ".venv" / "bin" / "python", "#!/bin/sh\nexit 1\n")

    done = make(project, "deploy")

    assert done.returncode == 2
    assert calls(project) == []


@pytest.mark.parametrize(
    ("given", "options"),
    [
        pytest.param(["GRADUAL=1"], ["gradual"], id="gradually"),
        pytest.param(["SNAPSTART=1"], ["snapstart"], id="with SnapStart"),
        pytest.param(["SNAPSTART=1", "GRADUAL=1"], ["gradual", "snapstart"], id="both"),
    ],
)
def test_deploy_adds_its_options_to_what_was_built_and_deploys_that(
    project: Path, given: list[str], options: list[str]
) -> None:
    (project / ".aws-sam" / "build").mkdir(parents=True)

    done = make(project, "deploy", *given)

    assert done.returncode == 0, done.stderr
    built, deployed = ".aws-sam/build/template.yaml", ".aws-sam/build/deployed.yaml"
    assert ["python", "-m", "operations.deploy_options", built, *options] in calls(project)
    place = ["--config-env", "dev", *WITH_ALL_VALUES, "--template-file", deployed]
    assert ["sam", "deploy", *place, "--no-confirm-changeset"] in calls(project)


@pytest.mark.parametrize("command", ["revoke", "restore", "erase"])
@pytest.mark.parametrize("name", ["GIVEN", *re.findall(r"^([A-Z_]+) *:?=", MAKEFILE, re.MULTILINE)])
def test_makefile_s_own_names_run_nothing_from_the_environment_and_name_nobody(
    project: Path, command: str, name: str
) -> None:
    ran = project.parent / "ran"
    for text in ("USER", HOSTILE.format(ran)):
        done = make(project, command, USER="root", **{name: text})

        assert not ran.exists()
        assert f"Say whom: make {command} USER=" in done.stderr


@pytest.mark.parametrize("command", ["revoke", "restore", "erase"])
def test_make_never_takes_the_shell_s_own_user(project: Path, command: str) -> None:
    done = make(project, command, USER="root")

    assert done.returncode == 2
    assert f"Say whom: make {command} USER=" in done.stderr
    assert calls(project) == []


def test_run_hands_on_the_file_of_answers_and_the_words_of_args(project: Path) -> None:
    done = make(project, "run", "ANSWERS=environments/my dev.yaml", "ARGS=--port 8000")

    assert done.returncode == 0, done.stderr
    assert calls(project) == [["python", "-m", "local", "--answers", "environments/my dev.yaml", "--port", "8000"]]


@pytest.mark.parametrize(
    ("command", "installs"),
    [(["run"], False), (["run", "MEETINGS=1"], True), (["test-browser"], True)],
    ids=["run", "with calls", "in browsers"],
)
def test_what_calls_need_is_installed_only_for_who_wants_calls(
    project: Path, command: list[str], *, installs: bool
) -> None:
    (project / ".venv" / "meetings").unlink()

    make(project, *command)

    assert any("local/signaling/requirements.txt" in words for words in calls(project)) == installs
    assert (project / ".venv" / "meetings").exists() == installs


def fake_python(project: Path, name: str, version: str = "3.13") -> str:
    """Make a Python of that *version*, and return its path."""
    path = project.parent / name
    # The version is asked for in one way, and what tells two Pythons apart in another.
    body = (
        "#!/bin/sh\n"
        f'case "$2" in *version_info*) exit {int(version == "3.10")};; *base_prefix*) echo {name}; exit;; esac\n'
        f"echo {name} >> '{project.parent / 'made'}'\n"
        # -p, because the first rm on the PATH only notes that it was called.
        f"command -p rm -rf .venv/* && mkdir -p .venv/bin && cp '{path}' .venv/bin/python\n"
    )
    _write(path, body)
    return str(path)


def made_by(project: Path) -> list[str]:
    """Return which Pythons have made the virtual environment, in order."""
    file = project.parent / "made"
    return file.read_text().split() if file.exists() else []


def test_another_python_makes_the_environment_anew_and_the_same_one_does_not(project: Path) -> None:
    one, other = fake_python(project, "one"), fake_python(project, "other")
    for python, expected in ((one, ["one"]), (one, ["one"]), (other, ["one", "other"]), (one, ["one", "other", "one"])):
        assert make(project, ".venv/made", f"PYTHON={python}").returncode == 0
        assert made_by(project) == expected
    # Without PYTHON what is there is kept.
    assert make(project, ".venv/made").returncode == 0
    assert len(made_by(project)) == 3


def test_what_was_installed_with_another_python_is_installed_anew(project: Path) -> None:
    one = fake_python(project, "one")
    assert make(project, ".venv/local", f"PYTHON={one}", "PIP=true").returncode == 0
    installed = (project / ".venv" / "local").stat().st_mtime_ns
    assert make(project, ".venv/local", f"PYTHON={one}", "PIP=true").returncode == 0
    assert (project / ".venv" / "local").stat().st_mtime_ns == installed
    other = fake_python(project, "other")
    assert "Installing" in make(project, ".venv/local", f"PYTHON={other}", "PIP=true").stdout


def test_environment_whose_python_has_gone_is_made_anew(project: Path) -> None:
    one = fake_python(project, "one")
    assert make(project, ".venv/made", f"PYTHON={one}").returncode == 0
    (project / ".venv" / "bin" / "python").unlink()
    (project / ".venv" / "bin" / "python").symlink_to(project / "nowhere")
    assert make(project, ".venv/made", f"PYTHON={one}").returncode == 0
    assert made_by(project) == ["one", "one"]


@pytest.mark.parametrize("version", ["3.10", "none"])
def test_python_that_will_not_do_leaves_the_environment_as_it_is(project: Path, version: str) -> None:
    python = "/nowhere/python" if version == "none" else fake_python(project, "old", version)
    (project / ".venv" / "kept").touch()
    done = make(project, ".venv/made", f"PYTHON={python}")
    assert done.returncode == 2
    assert "This needs Python 3.11 or newer" in done.stderr
    assert (project / ".venv" / "kept").exists()
    assert made_by(project) == []


def test_doctor_is_told_what_to_look_at_and_never_a_token(project: Path) -> None:
    given = {"URL": "https://chat.example/v1/signin", "ORIGIN": "https://a b", "TOKEN_FILE": "my token", "JSON": "1"}

    make(project, "doctor", *(f"{name}={value}" for name, value in given.items()), "TOKEN=eyJ")

    words = ["--url", given["URL"], "--origin", given["ORIGIN"], "--token-file", given["TOKEN_FILE"], "--json"]
    assert calls(project) == [["python", "-m", "operations", "doctor", *words]]
