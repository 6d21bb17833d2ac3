"""template.yaml with what GRADUAL=1 and SNAPSTART=1 add to the handler, as CloudFormation gets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import deploy
from local.cloudformation.template import translate
from local.stack import TEMPLATE
from operations.deploy_options import add_options
from tests.translated import APP_INSTANCE, LEAST, SETS, Translated, findings, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPERATING = (TEMPLATE.parent / "docs" / "operating.md").read_text()
GRADUALLY, SNAPSTART = ["gradual"], ["snapstart"]
GROUP = "SigninFunctionDeploymentGroup"
COMBINATIONS = [(), *([tuple(options) for options in (GRADUALLY, SNAPSTART, GRADUALLY + SNAPSTART)])]
"""What the Makefile can be asked for; a test proves that it is everything."""
PLACES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "where Chime is": (("us-east-1", "eu-central-1"), {}),
    "elsewhere": (("eu-west-1",), {"ChimeAppInstanceArn": APP_INSTANCE}),
}
"""Regions, and what the rules ask for there."""
MAY_BE_EMPTY = {
    r"Resources/Api/Properties/Body/paths/.*/responses": "SAM describes no answer of a function",
    r"Resources/Api/Properties/Body/paths/.*/security/0/[A-Za-z]+": "OpenAPI's list of scopes, which is OAuth's alone",
    r"Resources/SigninFunctionDeploymentGroup/Properties/AlarmConfiguration/Fn::If/2": "CodeDeploy's 'no alarms'",
    r"Resources/WebAcl/.*/(Allow|Block)": "WAF's form of a decision without more",
}
"""What is an empty object or list and has to be, by its path, each with its reason."""
ADDED = [
    pytest.param(GRADUALLY, id="gradually"),
    pytest.param(SNAPSTART, id="with SnapStart"),
    pytest.param(GRADUALLY + SNAPSTART, id="gradually with SnapStart"),
]


@cache
def made(*options: str) -> str:
    """Return the template that `make deploy` with *options* deploys."""
    if not options:
        return TEMPLATE.read_text()
    command = [sys.executable, "-m", "operations.deploy_options", str(TEMPLATE), *options]
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


def test_options_change_nothing_but_what_they_add_to_the_handler() -> None:
    changed = yaml_parse(made(*GRADUALLY, *SNAPSTART))
    handler = changed["Resources"]["SigninFunction"]["Properties"]
    before = source()["Resources"]["SigninFunction"]["Properties"].keys()

    added = {name for name in list(handler) if name not in before and handler.pop(name)}

    assert changed == source()
    assert added == {
        *("AutoPublishAlias", "AutoPublishCodeSha256", "DeploymentPreference", "SnapStart", "VersionDeletionPolicy")
    }


def test_sam_makes_a_new_version_at_each_deployment() -> None:
    template = TEMPLATE.read_text()
    one, other = (yaml_parse(add_options(template, GRADUALLY, seconds)) for seconds in ("1800000000", "1800000001"))

    assert one != other


@pytest.fixture(scope="module")
def translations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Return, for each of PLACES, what all options make of the template under all sets of parameters; each once."""
    found: dict[str, dict[str, dict[str, Any]]] = {place: {} for place in PLACES}
    for options in COMBINATIONS:
        file = deployed_with(list(options), tmp_path_factory.mktemp("deployed"))
        for (place, (regions, added)), parameters in product(PLACES.items(), SETS.values()):
            for region in regions:
                template = translate(file, {**parameters, **added}, region)
                template["Parameters"]["ChimeAppInstanceArn"]["Default"] = added.get("ChimeAppInstanceArn", "")
                found[place][json.dumps(template, sort_keys=True)] = template
    return {place: list(templates.values()) for place, templates in found.items()}


def test_the_combinations_are_those_of_the_makefile() -> None:
    (asked_for,) = re.findall(r"^DEPLOY_OPTIONS := (.*)$", (TEMPLATE.parent / "Makefile").read_text(), re.MULTILINE)

    assert re.findall(r"\(value ([A-Z]+)\),([a-z]+)\)", asked_for) == [
        ("GRADUAL", "gradual"),
        ("SNAPSTART", "snapstart"),
    ]
    assert {*GRADUALLY, *SNAPSTART} == {"gradual", "snapstart"}


@pytest.mark.timeout(900)  # cfn-lint takes seconds for each of the templates, on a machine that has nothing else to do
@pytest.mark.parametrize("place", PLACES)
def test_cloudformation_can_create_whatever_the_makefile_deploys(
    place: str, translations: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    assert findings(translations[place], tmp_path, PLACES[place][0]) == []


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_empty_but_what_has_to_be(place: str, translations: dict[str, list[dict[str, Any]]]) -> None:
    empty = {path for template in translations[place] for path in emptied(template)}

    assert {path for path in empty if not re.fullmatch("|".join(MAY_BE_EMPTY), path)} == set()
    assert [known for known in MAY_BE_EMPTY if not any(re.fullmatch(known, path) for path in empty)] == []


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_gradual_deployment_looks_at_alarms_that_there_are(parameters: dict[str, str], tmp_path: Path) -> None:
    translated = Translated(parameters, deployed_with(GRADUALLY, tmp_path))
    asked = translated.of(GROUP)["AlarmConfiguration"].get("Alarms", [])
    there = translated.resources("AWS::CloudWatch::Alarm")

    assert bool(asked) == bool(there)
    assert {alarm["Name"]["Ref"] for alarm in asked} <= set(there)


@pytest.mark.parametrize("place", PLACES)
def test_the_stage_waits_until_api_gateway_may_call_what_it_leads_to(
    place: str, translations: dict[str, list[dict[str, Any]]]
) -> None:
    # Switching an option on or off makes new permissions: for the alias, or for the function again.
    for template in translations[place]:
        waited_for = set(re.findall(r'"Ref": "(\w+)"', json.dumps(template["Resources"]["Apiv1Stage"])))
        assert set(named(template, "AWS::Lambda::Permission")) <= waited_for


def emptied(value: Any, path: str = "") -> Iterator[str]:
    """Yield where an object or a list is that holds nothing."""
    if value in ({}, []):
        yield path.removeprefix("/")
    elif isinstance(value, (dict, list)):
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from emptied(one, f"{path}/{name}")


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
    translated = Translated({**LEAST, "Meetings": "open"}, deployed_with(options, tmp_path))

    # SnapStart has snapshots of versions: whoever calls the function itself has a cold start. Rooms have no option.
    called = {
        (path, method): operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        for path, operations in translated.of("Api")["Body"]["paths"].items()
        for method, operation in operations.items()
    }
    of_rooms = {route for route in called if route[0].startswith("/meetings/")}
    assert (len(called), len(of_rooms)) == (9, 5)
    assert {route for route, uri in called.items() if "${SigninFunctionAliaslive}" in uri} == set(called) - of_rooms
    assert {route for route, uri in called.items() if "${RoomsFunction.Arn}" in uri} == of_rooms
    allowed = [one["Properties"] for one in translated.resources("AWS::Lambda::Permission").values()]
    assert sorted(json.dumps(one["FunctionName"]) for one in allowed) == [
        '{"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}',
        *['{"Ref": "RoomsFunction"}'] * 5,
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
