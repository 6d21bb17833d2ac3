"""The account's role for push notifications: made by the operators' command, left alone if somebody else made it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME
from local.stack import LocalStack, StackOptions
from operations.push import NAME, TAGS, TRUST, permission
from tests.end_to_end.operators import finish, owner, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Client

APP = f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/0123456789abcdef"
OTHER_APP = f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/fedcba9876543210"
TAGGED = [{"Key": key, "Value": value} for key, value in TAGS.items()]
OURS = "SendMessages-0123456789abcdef"
WRITES = ("Create", "Put", "Update", "Delete", "Tag", "Attach")


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(parameters={"PushNotificationsAppArn": APP}, log=logs.append)) as running:
        yield running


@pytest.fixture(autouse=True)
def iam(stack: LocalStack) -> Iterator[Any]:
    """A client of IAM for the owner of the account. The role is deleted afterwards."""
    client = owner(stack, "iam")
    yield client
    try:
        names = client.list_role_policies(RoleName=NAME)["PolicyNames"]
    except client.exceptions.NoSuchEntityException:
        return
    for name in names:
        client.delete_role_policy(RoleName=NAME, PolicyName=name)
    for policy in client.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=NAME, PolicyArn=policy["PolicyArn"])
    client.delete_role(RoleName=NAME)


def create(iam: Any, trust: Any = TRUST, tags: Any = TAGGED) -> None:
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust), Tags=tags)


def allow(iam: Any, name: str, document: Any) -> None:
    iam.put_role_policy(RoleName=NAME, PolicyName=name, PolicyDocument=json.dumps(document))


def written(client: Client) -> list[str]:
    return [call["operation"] for call in client.calls() if call["operation"].startswith(WRITES)]


def test_role_is_made_for_chime_and_for_that_application_alone(stack: LocalStack, iam: Any) -> None:
    status, printed = finish(start(stack, "push-role"))

    assert status == 0, printed
    assert printed.splitlines()[0] == f"Stack {STACK_NAME} in {REGION}, account {ACCOUNT}."
    role = iam.get_role(RoleName=NAME)["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "messaging.chime.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == [OURS]
    policy = iam.get_role_policy(RoleName=NAME, PolicyName=OURS)["PolicyDocument"]
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": "mobiletargeting:SendMessages", "Resource": f"{APP}/messages"}
    ]


def test_repeated_run_changes_nothing(stack: LocalStack, iam: Any, client: Client) -> None:
    assert finish(start(stack, "push-role"))[0] == 0
    client.control("DELETE", "aws", "/local/calls")

    status, printed = finish(start(stack, "push-role"))

    assert (status, written(client)) == (0, [])
    assert "Nothing was changed" in printed
    assert iam.get_role(RoleName=NAME)


def test_run_that_was_stopped_is_finished(stack: LocalStack, iam: Any, client: Client) -> None:
    client.fault("PutRolePolicy", error="ServiceUnavailable", status=503, times=-1)
    assert finish(start(stack, "push-role"))[0] == 1
    client.control("DELETE", "aws", "/local/faults")

    assert finish(start(stack, "push-role"))[0] == 0

    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == [OURS]


def test_another_stack_s_application_gets_a_policy_of_its_own(stack: LocalStack, iam: Any) -> None:
    create(iam)
    allow(iam, "SendMessages-fedcba9876543210", permission(OTHER_APP))

    assert finish(start(stack, "push-role"))[0] == 0

    names = iam.list_role_policies(RoleName=NAME)["PolicyNames"]
    assert sorted(names) == [OURS, "SendMessages-fedcba9876543210"]


ANYBODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}


@pytest.mark.parametrize(
    ("role", "policies", "words"),
    [
        pytest.param({"tags": []}, {}, "it has no tag MadeBy=", id="somebody else's"),
        pytest.param({"trust": ANYBODY}, {}, "it may be assumed by", id="another trust"),
        pytest.param({}, {OURS: OTHER_APP}, f"its policy {OURS} is", id="another resource"),
        pytest.param({}, {"More": APP}, "it has other policies: More", id="a policy more"),
    ],
)
def test_other_role_of_that_name_is_left_as_it_is_and_it_is_said_how_it_differs(
    stack: LocalStack, client: Client, role: dict[str, Any], policies: dict[str, str], words: str
) -> None:
    create(owner(stack, "iam"), **role)
    for name, app in policies.items():
        allow(owner(stack, "iam"), name, permission(app))
    client.control("DELETE", "aws", "/local/calls")

    status, printed = finish(start(stack, "push-role"))

    assert (status, written(client)) == (1, [])
    assert words in printed
    assert "Nothing was changed" in printed


def test_policy_that_is_attached_is_a_difference_too(stack: LocalStack, iam: Any, client: Client) -> None:
    create(iam)
    arn = iam.create_policy(PolicyName="Attached", PolicyDocument=json.dumps(permission(APP)))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=NAME, PolicyArn=arn)
    client.control("DELETE", "aws", "/local/calls")

    status, printed = finish(start(stack, "push-role"))

    assert (status, written(client)) == (1, [])
    assert f"it has other policies: {arn}" in printed
