"""The local AWS judges what a role's session may do, as IAM's simulator does: over the wire, by our own evaluator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

USERS = "arn:aws:chime:us-east-1:123456789012:app-instance/1/user"
OWN = {"Effect": "Allow", "Action": "chime:Connect", "Resource": USERS + "/${aws:PrincipalTag/UserUUID}"}
NOTHING_ELSE = {"Effect": "Deny", "NotAction": "chime:*", "Resource": "*"}
ADA = [{"ContextKeyName": "aws:PrincipalTag/UserUUID", "ContextKeyType": "string", "ContextKeyValues": ["ada"]}]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def iam(aws: Aws) -> Any:
    return aws.client("iam")


@pytest.fixture
def role(iam: Any) -> str:
    trust = document({"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"})
    arn: str = iam.create_role(RoleName="User", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="User", PolicyName="Own", PolicyDocument=document(OWN, NOTHING_ELSE))
    return arn


def test_each_resource_of_an_action_is_judged_and_the_strictest_decision_is_the_action_s(iam: Any, role: str) -> None:
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["chime:Connect", "s3:GetObject"],
        ResourceArns=[f"{USERS}/ada", f"{USERS}/bob"],
        ContextEntries=ADA,
    )

    connect, get_object = answer["EvaluationResults"]
    assert (connect["EvalDecision"], get_object["EvalDecision"]) == ("implicitDeny", "explicitDeny")
    assert [
        (each["EvalResourceName"], each["EvalResourceDecision"]) for each in connect["ResourceSpecificResults"]
    ] == [
        (f"{USERS}/ada", "allowed"),
        (f"{USERS}/bob", "implicitDeny"),
    ]


def test_without_a_user_nothing_of_a_user_is_allowed(iam: Any, role: str) -> None:
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["chime:Connect"], ResourceArns=[f"{USERS}/ada"]
    )

    assert answer["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"


def test_policies_of_the_request_are_judged_too_or_alone(iam: Any, role: str) -> None:
    deny = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
    asked = {"ActionNames": ["chime:Connect"], "ResourceArns": [f"{USERS}/ada"], "ContextEntries": ADA}

    added = iam.simulate_principal_policy(PolicySourceArn=role, PolicyInputList=[deny], **asked)
    alone = iam.simulate_custom_policy(PolicyInputList=[document(OWN)], **asked)

    assert added["EvaluationResults"][0]["EvalDecision"] == "explicitDeny"
    assert alone["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_role_that_is_not_there_is_told(iam: Any, role: str) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.simulate_principal_policy(PolicySourceArn=f"{role}2", ActionNames=["chime:Connect"])


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"ResourcePolicy": document(OWN)}, id="a policy of the resource"),
        pytest.param({"PermissionsBoundaryPolicyInputList": [document(OWN)]}, id="a boundary"),
        pytest.param(
            {"PolicyInputList": [document({**OWN, "Condition": {"Bool": {"kms:Own": "true"}}})]}, id="an unknown key"
        ),
    ],
)  # fmt: skip
def test_what_is_not_played_is_said(iam: Any, role: str, more: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="NotImplemented") as raised:
        iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["chime:Connect"], **more)

    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        pytest.param("cloudwatch", "describe_alarms", {}, id="CBOR"),
        pytest.param("logs", "get_query_results", {"queryId": "1"}, id="JSON"),
        pytest.param("lambda", "get_account_settings", {}, id="REST"),
        pytest.param("sns", "list_topics", {}, id="query"),
    ],
)
def test_service_that_is_not_played_is_said_in_its_own_protocol(
    aws: Aws, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="is not available on the local stack") as raised:
        getattr(aws.client(service), operation)(**parameters)

    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
