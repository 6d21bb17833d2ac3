"""The permissions that each operation requires, against cfn-lint's copy of AWS's service authorization reference."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

import pytest
from moto.core.utils import get_service_model
from werkzeug.test import EnvironBuilder

from local.aws.aws_request import AwsRequest
from local.aws.policies.evaluation import UNKNOWN
from local.aws.required_permissions import (
    ALL,
    CHIME_IDENTITY,
    CHIME_MEETINGS,
    CHIME_MESSAGING,
    ON_ONE_PARAMETER,
    ON_ONE_ROLE,
    ON_ONE_STACK,
    messaging_members,
    required_permissions,
)
from local.aws.table_permissions import ON_NO_TABLE, ON_ONE_TABLE, ON_TABLES, ON_TAGGED, TRANSACTIONS
from tests.reference import is_known, types_of

MESSAGING = [name for name in get_service_model("chime-sdk-messaging").operation_names if messaging_members(name)]
WITHOUT_RESOURCE = {"CreateAppInstance", "CreateAppInstanceBot", "CreateAppInstanceUser"}
"""The reference has no resource for them; local/aws/required_permissions.py says what is inferred instead."""


@functools.cache
def actions(service: str = "chime") -> dict[str, Any]:
    text = resources.files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text()
    found: dict[str, Any] = json.loads(text)[service]["Actions"]
    return found


def reference(operation: str) -> set[str]:
    """Return the resource types of an action; a bot may stand wherever a user does."""
    kinds = set(actions()[operation.lower()].get("Resources", []))
    return kinds if kinds == {"app-instance-bot"} else kinds - {"app-instance-bot"}


def kind(template: str) -> str:
    """Return the type of resource that a template of ours stands for."""
    if "Bot" in template or "/bot/" in template:
        return "app-instance-bot"
    if "Flow" in template or "/channel-flow/" in template:
        return "channel-flow"
    if "Channel" in template:
        return "channel"
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


CHIME = ("chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings")


def required(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    model = get_service_model(service)
    http_request: Any = EnvironBuilder().get_request()
    return required_permissions(
        AwsRequest(http_request, b"", None, model, model.operation_model(operation), parameters)
    )


@pytest.mark.parametrize(
    ("service", "operation"),
    [(service, operation) for service in CHIME for operation in get_service_model(service).operation_names],
)
def test_every_chime_operation_has_an_action_that_aws_knows(service: str, operation: str) -> None:
    found = required(service, operation)
    assert found
    assert f"chime:{operation}" in {action for action, _ in found} <= {f"chime:{operation}", "mobiletargeting:GetApp"}
    assert is_known(f"chime:{operation}")
    assert UNKNOWN not in {resource for _, resource in found}


OTHERS = sorted(
    name for name, resource in CHIME_MESSAGING.items() if resource not in (ALL, "{ResourceARN}", "{userArn}")
)


@pytest.mark.parametrize("operation", sorted(set(OTHERS) - {"DeleteChannelFlow"}))
def test_messaging_operation_without_a_bearer_is_on_what_the_reference_says(operation: str) -> None:
    assert reference(operation) == {kind(CHIME_MESSAGING[operation])}


@pytest.mark.parametrize("operation", sorted(ON_ONE_TABLE | ON_TABLES | ON_TAGGED | set(TRANSACTIONS.values())))
def test_operation_on_a_table_is_on_what_the_reference_says(operation: str) -> None:
    assert is_known(f"dynamodb:{operation}")
    assert types_of(f"dynamodb:{operation}") - {"index", "stream"} == {"table"}


@pytest.mark.parametrize("operation", sorted(ON_NO_TABLE))
def test_operation_on_no_table_is_on_what_the_reference_says(operation: str) -> None:
    assert is_known(f"dynamodb:{operation}")
    assert types_of(f"dynamodb:{operation}") == set()


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        pytest.param("GetItem", {"TableName": "t"}, [("GetItem", "table/t")], id="a name"),
        pytest.param(
            "GetItem", {"TableName": "arn:aws:dynamodb:x:1:table/t"}, [("GetItem", "x:1:table/t")], id="an ARN"
        ),
        pytest.param("Query", {"TableName": "t", "IndexName": "i"}, [("Query", "table/t/index/i")], id="an index"),
        pytest.param(
            "BatchWriteItem",
            {"RequestItems": {"t": [], "u": []}},
            [("BatchWriteItem", "table/t"), ("BatchWriteItem", "table/u")],
            id="two tables",
        ),
        pytest.param(
            "TransactWriteItems",
            {"TransactItems": [{"ConditionCheck": {"TableName": "t"}}, {"Update": {"TableName": "u"}}]},
            [("ConditionCheckItem", "table/t"), ("UpdateItem", "table/u")],
            id="a transaction",
        ),
        pytest.param("BatchGetItem", {}, [("BatchGetItem", "")], id="no tables"),
        pytest.param("TransactGetItems", {"TransactItems": []}, [("GetItem", "")], id="an empty transaction"),
        pytest.param("ExecuteStatement", {"Statement": "SELECT"}, [("ExecuteStatement", UNKNOWN)], id="PartiQL"),
    ],
)
def test_tables_that_an_operation_needs(
    operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = required("dynamodb", operation, **parameters)
    assert [action for action, _ in found] == [f"dynamodb:{action}" for action, _ in expected]
    for (_, resource), (_, end) in zip(found, expected, strict=True):
        assert resource.endswith(end)
        assert bool(resource) == bool(end)
