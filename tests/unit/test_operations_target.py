"""Which stack a command means: good files and variables, then one change at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from operations.errors import OperationError
from operations.samconfig import SAMCONFIG, environment
from operations.target import Target, target

if TYPE_CHECKING:
    from pathlib import Path

GUIDED = """
[default.global.parameters]
stack_name = "nobody-means-this"
[default.deploy.parameters]
region = "eu-west-3"

[dev.global.parameters]
stack_name = "chat-dev"
[dev.deploy.parameters]
capabilities = "CAPABILITY_IAM"

[prod.global.parameters]
stack_name = "chat"
region = "us-west-2"
[prod.deploy.parameters]
region = "eu-central-1"
profile = "production"
"""
PROD = Target("chat", "eu-central-1", "production")


@pytest.fixture
def samconfig(tmp_path: Path) -> Path:
    file = tmp_path / "samconfig.toml"
    file.write_text(GUIDED)
    return file


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, Target("chat-dev"), id="dev, unless set"),
        pytest.param({"ENV": ""}, Target("chat-dev"), id="an empty variable"),
        pytest.param({"ENV": "dev"}, Target("chat-dev"), id="dev"),
        pytest.param({"ENV": "prod"}, PROD, id="prod, with what a guided deployment wrote"),
        pytest.param({"AWS_SAM_STACK_NAME": "other"}, Target("other"), id="a stack by its name"),
        pytest.param({"AWS_SAM_STACK_NAME": "chat", "ENV": "prod"}, PROD, id="both, which agree"),
    ],
)
def test_variables_and_file_mean_a_stack(samconfig: Path, environ: dict[str, str], expected: Target) -> None:
    assert target(environ, samconfig) == expected


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        pytest.param(GUIDED, {"ENV": "prdo"}, "has no environment prdo; there are: default, dev, prod", id="mistyped"),
        pytest.param("", {}, "no environment dev; there are: none", id="an empty file"),
        pytest.param("[dev.deploy.parameters]", {}, "names no stack for dev. Write stack_name", id="no stack"),
        pytest.param("[dev", {}, "cannot be read", id="no TOML"),
        pytest.param(None, {}, "cannot be read", id="no file"),
        pytest.param(
            GUIDED, {"ENV": "prod", "AWS_SAM_STACK_NAME": "chat-dev"}, "Set only one of them", id="two stacks"
        ),
    ],
)
def test_what_means_no_stack_says_what_to_write(
    tmp_path: Path, text: str | None, environ: dict[str, str], words: str
) -> None:
    file = tmp_path / "samconfig.toml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(OperationError, match=words):
        target(environ, file)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_own_file_names_a_stack_for_each_environment(name: str) -> None:
    assert environment({"ENV": name}, SAMCONFIG).stack_name
