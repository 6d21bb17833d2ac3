"""Stacks deleted by the command that operators type, after users were revoked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from moto.cloudformation.models import cloudformation_backends

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME
from local.stack import LocalStack, StackOptions
from operations.deletion import KEPT
from tests.end_to_end.operators import finish, owner, revoke, start
from tests.translated import EVERYTHING, Translated

if TYPE_CHECKING:
    from collections.abc import Iterator

STATEMENT = {"Effect": "Deny", "Action": "*", "Resource": "*"}
ADDED = {
    "PolicyName": "RevokedUsers-by-hand",
    "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}),
}


@pytest.fixture
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(parameters={"Revocation": "true", "Guests": "true"}, log=logs.append)) as running:
        yield running


def status(stack: LocalStack) -> str:
    found = owner(stack, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return str(found["StackStatus"])


def test_cloudformation_alone_cannot_delete_a_stack_with_revoked_users(stack: LocalStack) -> None:
    revoke(stack, "ada")

    owner(stack, "cloudformation").delete_stack(StackName=STACK_NAME)

    assert status(stack) == "DELETE_FAILED"


def test_stack_with_revoked_users_is_deleted_and_what_stays_is_printed(stack: LocalStack) -> None:
    revoke(stack, "ada")
    owner(stack, "cloudformation").delete_stack(StackName=STACK_NAME)  # and a stack whose deletion failed before

    code, printed = finish(start(stack, "delete", variables={"CONFIRM": STACK_NAME}))

    assert code == 0, printed
    lines = printed.splitlines()
    assert lines[0] == f"Stack {STACK_NAME} in {REGION}, account {ACCOUNT}."
    assert f"delete-app-instance --app-instance-arn arn:aws:chime:{REGION}:{ACCOUNT}:app-instance/" in printed
    assert f"aws ssm delete-parameter --name /chime-signin/{STACK_NAME}/revoked-users" in printed
    assert lines[-1] == f"{STACK_NAME} is deleted."
    with pytest.raises(ClientError, match="does not exist"):
        status(stack)
    assert owner(stack, "chime-sdk-identity").list_app_instances()["AppInstances"]
    assert owner(stack, "ssm").get_parameter(Name=f"/chime-signin/{STACK_NAME}/revoked-users")["Parameter"]["Value"]


def test_stack_is_deleted_when_its_name_is_typed(stack: LocalStack) -> None:
    code, printed = finish(start(stack, "delete", typed=f"{STACK_NAME}\n"))

    assert code == 0, printed
    assert printed.endswith(f"{STACK_NAME} is deleted.\n")


def test_stack_of_a_first_deployment_that_failed_is_deleted_and_no_other_command_acts_on_it(stack: LocalStack) -> None:
    resources = {
        "Left": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "left", "Type": "String", "Value": "x"}}
    }
    template = json.dumps({"Resources": resources})
    owner(stack, "cloudformation").create_stack(StackName="fresh", TemplateBody=template)
    cloudformation_backends[ACCOUNT][REGION].get_stack("fresh").status = "ROLLBACK_COMPLETE"
    fresh = {"AWS_SAM_STACK_NAME": "fresh", "CONFIRM": "fresh"}

    restored, why = finish(start(stack, "restore", "ada", variables=fresh))
    deleted, printed = finish(start(stack, "delete", variables=fresh))

    assert restored == 1
    assert "fresh has no user role: its deployment has failed" in why
    assert deleted == 0, printed
    assert "It is ROLLBACK_COMPLETE." in printed
    assert printed.endswith("fresh is deleted.\n")


def test_what_cloudformation_could_not_delete_is_printed_with_its_reason(stack: LocalStack) -> None:
    [role] = [arn.rpartition("/")[2] for name, arn in stack.deployment.roles.items() if name == "UserRole"]
    owner(stack, "iam").put_role_policy(
        RoleName=role, **ADDED
    )  # a policy that the command did not make, and so does not delete

    code, printed = finish(start(stack, "delete", variables={"CONFIRM": STACK_NAME}))

    assert code == 1
    assert f"{STACK_NAME} is DELETE_FAILED:" in printed
    assert "UserRole: Cannot delete entity, must delete policies first." in printed
    assert status(stack) == "DELETE_FAILED"


def test_what_stays_is_what_the_template_retains() -> None:
    resources = Translated(EVERYTHING | {"ChimeAppInstanceArn": ""}).template["Resources"]
    assert {name for name, one in resources.items() if one.get("DeletionPolicy", "Delete") != "Delete"} == set(KEPT)
