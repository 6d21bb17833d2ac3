"""The permissions that each operation requires, against cfn-lint's copy of AWS's service authorization reference."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

import pytest
from moto.core.utils import get_service_model

from local.aws.required_permissions import (
    ALL,
    CHIME_IDENTITY,
    CHIME_MEETINGS,
    ON_ONE_PARAMETER,
    ON_ONE_ROLE,
    ON_ONE_STACK,
    messaging_members,
)

MESSAGING = [name for name in get_service_model("chime-sdk-messaging").operation_names if messaging_members(name)]
WITHOUT_RESOURCE = {"CreateAppInstance", "CreateAppInstanceUser"}
"""The reference has no resource for them; local/aws/required_permissions.py says what is inferred instead."""


@functools.cache
def actions(service: str = "chime") -> dict[str, Any]:
    text = resources.files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text()
    found: dict[str, Any] = json.loads(text)[service]["Actions"]
    return found


def reference(operation: str) -> set[str]:
    """Return the resource types of an action; a bot may stand wherever a user does."""
    return set(actions()[operation.lower()].get("Resources", [])) - {"app-instance-bot"}


def kind(template: str) -> str:
    """Return the type of resource that a template of ours stands for."""
    return "app-instance-user" if "User" in template or "/user/" in template or "Admin" in template else "app-instance"


@pytest.mark.parametrize(
    "operation", sorted(name for name in CHIME_IDENTITY if "ResourceARN" not in str(CHIME_IDENTITY[name]))
)
def test_identity_operation_is_on_what_the_reference_says(operation: str) -> None:
    kinds = {kind(template) for template in CHIME_IDENTITY[operation]}
    assert reference(operation) == (set() if operation in WITHOUT_RESOURCE else kinds)


@pytest.mark.parametrize("operation", MESSAGING)
def test_messaging_operation_is_on_what_the_reference_says(operation: str) -> None:
    kinds = {"ChimeBearer": "app-instance-user", "ChannelArn": "channel", "ChannelFlowArn": "channel-flow"}
    assert reference(operation) == {kinds[member] for member in messaging_members(operation)}


@pytest.mark.parametrize("operation", get_service_model("chime-sdk-meetings").operation_names)
def test_meetings_operation_is_on_what_the_reference_says(operation: str) -> None:
    resource = CHIME_MEETINGS[operation]
    assert ("meeting" in reference(operation)) == (resource != ALL)
    assert resource.endswith((":meeting/{MeetingId}", "{ResourceARN}")) or resource == ALL


@pytest.mark.parametrize("operation", sorted(ON_ONE_PARAMETER))
def test_operation_of_parameter_store_is_on_the_parameter(operation: str) -> None:
    assert actions("ssm")[operation.lower()]["Resources"] == ["parameter"]


def test_sending_a_message_is_on_the_sender_and_the_channel() -> None:
    assert messaging_members("SendChannelMessage") == ("ChimeBearer", "ChannelArn")


@pytest.mark.parametrize("operation", sorted(ON_ONE_ROLE))
def test_operation_of_iam_is_on_the_role(operation: str) -> None:
    assert actions("iam")[operation.lower()]["Resources"] == ["role"]


@pytest.mark.parametrize("operation", sorted(ON_ONE_STACK))
def test_operation_of_cloudformation_is_on_the_stack(operation: str) -> None:
    assert actions("cloudformation")[operation.lower()]["Resources"] == ["stack"]
