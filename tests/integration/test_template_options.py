"""template.yaml with what GRADUAL=1 and SNAPSTART=1 add to the handler, as CloudFormation gets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.endpoint import AwsEndpoint
from local.deployment import deploy
from local.stack import TEMPLATE
from local.template import translate
from tests.translated import EVERYTHING, LEAST, Translated, findings

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATING = (TEMPLATE.parent / "docs" / "operating.md").read_text()
GRADUALLY, SNAPSTART = ["GRADUAL=1"], ["SNAPSTART=1"]
GROUP = "SigninFunctionDeploymentGroup"
ADDED = [
    pytest.param(GRADUALLY, id="gradually"),
    pytest.param(SNAPSTART, id="with SnapStart"),
    pytest.param(GRADUALLY + SNAPSTART, id="gradually with SnapStart"),
]


@cache
def made(*options: str) -> str:
    """Return the template that `make deploy` with *options* deploys."""
    command = ["make", "--silent", "deployed", *options]
    return subprocess.run(command, cwd=TEMPLATE.parent, capture_output=True, text=True, check=True).stdout


def deployed_with(options: list[str], folder: Path) -> Path:
    """Write that template to *folder*, where its code is found, and return its path."""
    (folder / "signin_function").symlink_to(TEMPLATE.parent / "signin_function")
    file = folder / "template.yaml"
    file.write_text(made(*options))
    return file


def named(template: Mapping[str, Any], type_name: str) -> list[str]:
    """Return the names of the resources of that type."""
    return [name for name, one in template["Resources"].items() if one["Type"] == type_name]


def test_deployment_without_options_deploys_the_template_as_it_is() -> None:
    assert made() == TEMPLATE.read_text()


@pytest.mark.parametrize("options", ADDED)
@pytest.mark.parametrize("parameters", [LEAST, EVERYTHING], ids=["with the least", "with everything"])
def test_cloudformation_can_create_what_options_make_of_it(
    parameters: dict[str, str], options: list[str], tmp_path: Path
) -> None:
    template = translate(deployed_with(options, tmp_path), parameters, "us-east-1")

    assert findings(template, tmp_path) == []


def test_sam_finds_nothing_wrong_with_what_all_options_make_of_it(tmp_path: Path) -> None:
    file = deployed_with(GRADUALLY + SNAPSTART, tmp_path)
    command = [str(Path(sys.executable).with_name("sam")), "validate", "--lint", "--template", str(file)]
    variables = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("options", ADDED)
def test_each_such_deployment_makes_a_version_of_the_handler_alone_and_leaves_none_behind(
    options: list[str], tmp_path: Path
) -> None:
    template = translate(deployed_with(options, tmp_path), LEAST, "us-east-1")

    assert named(template, "AWS::Lambda::Alias") == ["SigninFunctionAliaslive"]
    (version,) = named(template, "AWS::Lambda::Version")
    assert version.removeprefix("SigninFunctionVersion").isdecimal()
    assert template["Resources"][version]["DeletionPolicy"] == "Delete"
    assert template["Resources"]["SigninFunctionAliaslive"]["Properties"]["FunctionVersion"] == {
        "Fn::GetAtt": [version, "Version"]
    }


@pytest.mark.parametrize("options", ADDED)
def test_api_gateway_calls_the_alias_and_the_authorizer_itself(options: list[str], tmp_path: Path) -> None:
    template = translate(deployed_with(options, tmp_path), LEAST, "us-east-1")

    # SnapStart has snapshots of versions: whoever calls the function itself has a cold start.
    body = template["Resources"]["Api"]["Properties"]["Body"]
    integrations = [
        method["x-amazon-apigateway-integration"] for path in body["paths"].values() for method in path.values()
    ]
    assert len(integrations) == 4
    assert all("${SigninFunctionAliaslive}" in one["uri"]["Fn::Sub"] for one in integrations)
    allowed = [template["Resources"][name]["Properties"] for name in named(template, "AWS::Lambda::Permission")]
    assert sorted(json.dumps(one["FunctionName"]) for one in allowed) == [
        '{"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}',
        *['{"Ref": "SigninFunctionAliaslive"}'] * 4,
    ]


@pytest.mark.parametrize(
    ("options", "from_snapshots", "gradually"),
    [
        pytest.param([], [], [], id="neither"),
        pytest.param(GRADUALLY, [], [GROUP], id="gradually"),
        pytest.param(SNAPSTART, ["SigninFunction"], [], id="with SnapStart"),
        pytest.param(GRADUALLY + SNAPSTART, ["SigninFunction"], [GROUP], id="gradually with SnapStart"),
    ],
)
def test_options_do_what_they_say_and_no_more(
    options: list[str], from_snapshots: list[str], gradually: list[str], tmp_path: Path
) -> None:
    template = translate(deployed_with(options, tmp_path), LEAST, "us-east-1")

    functions = {name: template["Resources"][name]["Properties"] for name in named(template, "AWS::Lambda::Function")}
    on = {"ApplyOn": "PublishedVersions"}
    assert [name for name, one in functions.items() if one.get("SnapStart") == on] == from_snapshots
    assert named(template, "AWS::CodeDeploy::DeploymentGroup") == gradually


@pytest.mark.parametrize("options", ADDED)
def test_what_options_add_is_explained(options: list[str], tmp_path: Path) -> None:
    template = translate(deployed_with(options, tmp_path), LEAST, "us-east-1")

    added = set(template["Resources"]) - set(Translated(LEAST).template["Resources"])
    names = {re.sub(r"(Deployment|Layer)[0-9a-f]{10}$|(Version)\d+$", r"\1\2", name) for name in added}
    assert {name for name in names if f"`{name}" not in OPERATING} == set()


@pytest.mark.parametrize("options", ADDED)
def test_such_a_deployment_runs_here_as_any_other(options: list[str], tmp_path: Path) -> None:
    with closing(AwsEndpoint()):
        routes = deploy(deployed_with(options, tmp_path), LEAST).api.routes

    assert {route.function for route in routes} == {"SigninFunction"}
