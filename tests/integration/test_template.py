"""template.yaml as CloudFormation gets it: `sam validate` looks only at what we wrote, and sees no circles there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.stack import TEMPLATE
from local.template import translate

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETERS = {"ChimeAppInstanceArn": "arn:aws:chime:us-east-1:123456789012:app-instance/1", "Providers": "[]"}


@pytest.fixture
def translated() -> dict[str, Any]:
    return translate(TEMPLATE, PARAMETERS, "us-east-1")


def findings(template: Mapping[str, Any], folder: Path) -> list[str]:
    """Return what cfn-lint finds, as rule ids with where."""
    file = folder / "template.json"
    file.write_text(json.dumps(template))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return [f"{found['Rule']['Id']} {found['Message']}" for found in json.loads(done.stdout)]


def test_cloudformation_can_create_it(translated: dict[str, Any], tmp_path: Path) -> None:
    assert findings(translated, tmp_path) == []


def test_roles_that_name_each_other_would_be_found(translated: dict[str, Any], tmp_path: Path) -> None:
    inline = translated["Resources"]["SigninFunctionRole"]["Properties"]["Policies"]
    moved = translated["Resources"].pop("SigninFunctionMayAssumeUserRole")["Properties"]
    inline.append({name: moved[name] for name in ("PolicyName", "PolicyDocument")})

    assert any(found.startswith("E3004") for found in findings(translated, tmp_path))
