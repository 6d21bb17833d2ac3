"""What the last deployment left: what failed in it, parameters of an older template, outputs, the file of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto.cloudformation.models import Event, cloudformation_backends

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME
from operations.doctor.inside.stack import failures

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.doctor.conftest import Patient


def moto_stack() -> Any:
    return cloudformation_backends[ACCOUNT][REGION].get_stack(STACK_NAME)


def event(name: str, status: str, reason: str, kind: str = "AWS::Lambda::Function") -> dict[str, Any]:
    return {"LogicalResourceId": name, "ResourceStatus": status, "ResourceStatusReason": reason, "ResourceType": kind}


def test_what_failed_in_the_last_deployment_is_told_with_its_reason(patient: Patient) -> None:
    patient.deploy()
    stack = moto_stack()
    stack.status = "UPDATE_ROLLBACK_COMPLETE"
    reason = "Role has no permission for ada@example.com"
    failed = Event(stack.stack_id, STACK_NAME, "F", "x", "AWS::Lambda::Function", "UPDATE_FAILED", reason, None)
    stack.events.append(failed)

    [finding] = patient.wrong("stack state")

    assert "F (Role has no permission for (an e-mail address))" in finding.found


def test_causes_are_the_first_failures_of_the_last_deployment_alone() -> None:
    newest_first = [
        event("Api", "CREATE_FAILED", "Resource creation cancelled"),
        event("SigninFunction", "CREATE_FAILED", "The role cannot be assumed"),
        event("UserRole", "CREATE_FAILED", "Syntax error"),
        event(STACK_NAME, "UPDATE_IN_PROGRESS", "User Initiated", "AWS::CloudFormation::Stack"),
        event("Domain", "UPDATE_FAILED", "of the deployment before"),
    ]

    assert failures(newest_first) == [
        "UserRole (Syntax error)", "SigninFunction (The role cannot be assumed)"
    ]  # fmt: skip


def test_default_that_has_changed_since_the_deployment_is_found(patient: Patient) -> None:
    patient.deploy(MemorySize="512", SessionSeconds="900")
    stack = moto_stack()
    # An older template, whose default was another one. SessionSeconds was chosen, and is no default.
    stack.template = stack.template.replace('"Default": 1769', '"Default": 512')

    [finding] = patient.wrong("defaults")

    assert finding.found == "MemorySize is 512, the default when it was deployed"
    assert finding.wanted == "1769, the default of today"
    assert "it sends today's defaults" in finding.mend


@pytest.fixture
def answers(patient: Patient, tmp_path: Path) -> Path:
    """The file of answers of an environment whose stack is the local one."""
    patient.deploy(SessionSeconds="900", MemorySize="512")
    (tmp_path / "samconfig.toml").write_text(
        f'[night.deploy.parameters]\nstack_name = "{STACK_NAME}"\nparameter_overrides = ["file://night.yaml"]\n'
    )
    patient.samconfig = tmp_path / "samconfig.toml"
    file = tmp_path / "night.yaml"
    file.write_text(
        f"Providers: >-\n  {patient.inside().stack.parameters['Providers']}\nSessionSeconds: 900\nMemorySize: 512\n"
    )
    return file


def test_stack_that_is_as_its_file_says_is_well(patient: Patient, answers: Path) -> None:
    assert answers.exists()
    assert [each.found for each in patient.look("answers")] == ["as environments/night.yaml says"]


def test_answer_that_was_not_deployed_is_found(patient: Patient, answers: Path) -> None:
    answers.write_text(answers.read_text().replace("SessionSeconds: 900", "SessionSeconds: 1800"))

    [finding] = patient.wrong("answers")

    assert finding.found == "SessionSeconds is 900"
    assert finding.wanted == "1800: environments/night.yaml says that"
    assert finding.mend == "make deploy ENV=night"


def test_answer_that_was_taken_out_of_the_file_is_found_because_it_stays_deployed(
    patient: Patient, answers: Path
) -> None:
    answers.write_text(answers.read_text().replace("MemorySize: 512\n", ""))

    [finding] = patient.wrong("answers")

    assert finding.wanted == "1769: environments/night.yaml does not name it, and the default is that"
    assert finding.mend == "make deploy ENV=night"


def test_stack_without_a_file_of_answers_has_no_such_check(patient: Patient) -> None:
    patient.deploy()

    assert patient.look("answers") == []


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param(("SigninUrl", "DemoApiUrl"), id="some"),
        pytest.param((), id="none"),
    ],
)
def test_outputs_that_are_missing_are_named(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, outputs: tuple[str, ...]
) -> None:
    patient.deploy()
    inside = patient.inside()
    described = patient.aws.client("cloudformation").describe_stacks()["Stacks"][0]
    told = {name: described[name] for name in ("StackId", "StackName", "StackStatus", "CreationTime", "Parameters")}
    told["Outputs"] = [{"OutputKey": name, "OutputValue": "x"} for name in outputs]
    patient.recorded.answers["cloudformation", "DescribeStacks"] = {"Stacks": [told]}
    patient.recorded.answers["cloudformation", "DescribeStackResource"] = {"StackResourceDetail": {
        "LogicalResourceId": "UserRole", "PhysicalResourceId": "r", "ResourceType": "AWS::IAM::Role",
        "ResourceStatus": "CREATE_COMPLETE", "LastUpdatedTimestamp": "2026-11-25T12:00:00+00:00",
    }}  # fmt: skip
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", patient.recorded_url)

    [finding] = patient.wrong("outputs")

    assert "AppInstanceArn" in finding.found
    assert "DomainTarget" not in finding.found  # which is there with a domain alone
    assert inside.stack.name == STACK_NAME
