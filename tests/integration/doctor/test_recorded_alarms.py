"""Alarms that are on, muted, gone, or that nobody gets: from answers recorded from AWS's documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION
from tests.recorded_aws import RecordedAws, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.doctor.conftest import Patient

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:night"
ALARMS = {"RejectedAlarm": "local-RejectedAlarm-1A2B", "LatencyAlarm": "local-LatencyAlarm-1A2B"}


def stack_with(recorded: RecordedAws, resources: Mapping[str, str]) -> None:
    """Have CloudFormation list these resources: the local one leaves out what nothing there asks for."""
    listed = [
        {"LogicalResourceId": name, "PhysicalResourceId": physical, "ResourceType": "AWS::CloudWatch::Alarm"}
        | {"ResourceStatus": "CREATE_COMPLETE", "LastUpdatedTimestamp": "2026-11-25T12:00:00+00:00"}
        for name, physical in resources.items()
    ]
    recorded.answers["cloudformation", "ListStackResources"] = {"StackResourceSummaries": listed}


@pytest.fixture
def alarms(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> Patient:
    """A stack with two alarms, of which CloudFormation is asked over the recorded answers."""
    stack = patient
    stack.deploy()
    described = stack.aws.client("cloudformation").describe_stacks()["Stacks"][0]
    stack.recorded.answers["cloudformation", "DescribeStacks"] = {
        "Stacks": [{name: described[name] for name in ("StackId", "StackName", "StackStatus", "CreationTime")}]
    }
    stack.recorded.answers["cloudformation", "DescribeStackResource"] = Refusal("ValidationError", "no such resource")
    stack_with(stack.recorded, ALARMS)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", stack.recorded_url)
    return stack


def alarm_is(alarms: Patient, **state: Any) -> None:
    first, *others = alarms.recorded.answers["cloudwatch", "DescribeAlarms"]["MetricAlarms"]
    alarms.recorded.answers["cloudwatch", "DescribeAlarms"] = {"MetricAlarms": [first | state, *others]}


def test_alarms_that_are_quiet_are_well(alarms: Patient) -> None:
    assert [each.found for each in alarms.look("alarms")] == ["none of 2 is in alarm"]


def test_alarm_that_is_on_leads_to_its_page(alarms: Patient) -> None:
    alarm_is(alarms, StateValue="ALARM", StateReason="Threshold Crossed: 1 datapoint [3.0] was greater.")

    [finding] = alarms.wrong("alarms")

    assert finding.found.startswith("RejectedAlarm since 2026-11-26 03:05: Threshold Crossed: 1 datapoint [3.0]")
    assert finding.mend.startswith("docs/operating.md#rejected ")


def test_alarm_that_tells_nobody_is_found(alarms: Patient) -> None:
    alarm_is(alarms, ActionsEnabled=False)

    assert (
        alarms.wrong("alarms")[0].mend == "aws cloudwatch enable-alarm-actions --alarm-names local-RejectedAlarm-1A2B"
    )


def test_alarm_that_was_deleted_is_found(alarms: Patient) -> None:
    alarms.recorded.answers["cloudwatch", "DescribeAlarms"] = {"MetricAlarms": []}

    assert alarms.wrong("alarms")[0].found == "gone: RejectedAlarm, LatencyAlarm"


@pytest.mark.parametrize(
    ("subscriptions", "said"),
    [
        pytest.param(["PendingConfirmation"], "the address was not confirmed", id="not confirmed"),
        pytest.param([], f"nobody is subscribed to {TOPIC}", id="nobody"),
    ],
)
def test_alarms_that_nobody_gets_are_found(patient: Patient, subscriptions: list[str], said: str) -> None:
    patient.deploy(AlarmTopicArn=TOPIC)
    assert patient.wrong("alarm mails") == []
    listed = [{"SubscriptionArn": arn, "Protocol": "email", "Endpoint": "night@example.com"} for arn in subscriptions]
    patient.recorded.answers["sns", "ListSubscriptionsByTopic"] = {"Subscriptions": listed}

    [finding] = patient.wrong("alarm mails")

    assert finding.found == said
    assert "night@example.com" not in f"{finding}"
