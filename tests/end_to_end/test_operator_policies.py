"""The policies for operators: AWS knows what is in them, and each command does what its policy allows, and no less."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session

from local.aws.policies import documents
from local.aws.policies.evaluation import Access, Decision, decide
from local.cloudformation.deployment import STACK_NAME
from local.stack import LocalStack, StackOptions
from operations.deny_policies import DenyPolicy
from tests.end_to_end.clone import clone_for
from tests.end_to_end.operators import PAUSE, finish, owner, signed_in, start
from tests.operator_policies import findings, policies
from tests.translated import SETS, Translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.conftest import Client

POLICIES = policies()
SERVICES = {
    "cloudformation": "cloudformation",
    "ssm": "ssm",
    "iam": "iam",
    "sts": "sts",
    "secretsmanager": "secretsmanager",
    "chime-sdk-identity": "chime",
    "chime-sdk-messaging": "chime",
    "chime-sdk-meetings": "chime",
    "dynamodb": "dynamodb",
}
"""The services that commands call, by botocore's name, with IAM's."""
BY_TYPE = {
    "AWS::ApiGateway": "apigateway:",
    "AWS::Chime": "chime:CreateAppInstance",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard",
    "AWS::DynamoDB::Table": "dynamodb:CreateTable",
    "AWS::IAM::Role": "iam:CreateRole",
    "AWS::IAM::RolePolicy": "iam:PutRolePolicy",
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::Lambda::LayerVersion": "lambda:PublishLayerVersion",
    "AWS::Lambda::Permission": "lambda:AddPermission",
    "AWS::Logs": "logs:CreateLogGroup",
    "AWS::Route53": "route53:ChangeResourceRecordSets",
    "AWS::SNS": "sns:CreateTopic",
    "AWS::WAFv2::IPSet": "wafv2:CreateIPSet",
    "AWS::WAFv2::WebACL": "wafv2:CreateWebACL",
    "AWS::WAFv2::WebACLAssociation": "wafv2:AssociateWebACL",
}
"""What creates a resource, by the longest beginning of its type."""
ROLES = "arn:aws:iam::123456789012:role"
PARAMETERS = "arn:aws:ssm:us-east-1:123456789012:parameter"
TABLES = "arn:aws:dynamodb:us-east-1:123456789012:table"
MEETINGS = "arn:aws:chime:us-east-1:123456789012:meeting"


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(parameters={"Revocation": "true", "Meetings": "open"}, log=logs.append)) as running:
        yield running


def actions(heading: str) -> set[str]:
    return {action for statement in POLICIES[heading] for action in statement["Action"]}


def called(client: Client) -> set[str]:
    """Return the actions of the calls since the log was emptied, whichever service an operation is of."""
    names = {call["operation"] for call in client.calls()}
    session = Session()
    return {
        f"{prefix}:{name}"
        for service, prefix in SERVICES.items()
        for name in names & set(session.get_service_model(service).operation_names)
    }


@pytest.mark.parametrize("heading", POLICIES)
def test_aws_knows_what_is_in_the_policy(heading: str) -> None:
    assert [said for statement in POLICIES[heading] for said in findings(statement)] == []


def test_there_is_one_for_each_kind_of_operator() -> None:
    assert {"Deploying", "Revoking and restoring", "Erasing"} <= set(POLICIES)


def operator(stack: LocalStack, heading: str) -> dict[str, str | None]:
    """Return the variables of somebody who may do what that policy allows, with this stack's name, and nothing else."""
    iam, name = owner(stack, "iam"), heading.replace(" ", "-")
    document = json.dumps({"Version": "2012-10-17", "Statement": POLICIES[heading]})
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name, PolicyName="May", PolicyDocument=document.replace("chime-signin*", f"{STACK_NAME}*")
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return {**keys, "PYTHONPATH": "signin_function:."}


def enter(client: Client, user: str) -> None:
    """Let the user into a room, so that there is somebody to be taken out of a meeting."""
    bearer = [("Authorization", f"Bearer {client.token(sub=user)}")]
    assert client.call("POST", "/meetings/hall", bearer).status == 200


def test_revoke_and_restore_do_what_their_policy_allows_and_no_less(stack: LocalStack, client: Client) -> None:
    variables = operator(stack, "Revoking and restoring")
    enter(client, "ada")
    client.control("DELETE", "aws", "/local/calls")

    for arguments in (("revoke", "ada", "bob", "--pause", PAUSE), ("restore", "ada"), ("revoked",)):
        status, printed = finish(start(stack, *arguments, variables=variables))
        assert status == 0, printed

    # What was denied an hour ago and more is deleted, and nothing here is that old.
    assert called(client) | {"iam:DeleteRolePolicy"} == actions("Revoking and restoring")


def test_erase_does_what_its_policy_allows_and_no_less(stack: LocalStack, client: Client) -> None:
    """Nobody waits for an hour here: an old policy of the user is what this run finds and deletes."""
    ada = signed_in(client, "ada")
    in_her_name = {"ChimeBearer": ada["ChimeAppInstanceUserArn"], "MemberArns": [ada["ChimeAppInstanceUserArn"]]}
    hall = {"AppInstanceArn": ada["ChimeAppInstanceArn"], "Name": "hall", "ClientRequestToken": "hall"}
    owner(stack, "chime-sdk-messaging").create_channel(**hall, **in_her_name)
    old = DenyPolicy.of(frozenset({"ada"}), datetime.now(UTC) - timedelta(hours=2))
    role = stack.endpoint.roles["UserRole"].rpartition("/")[2]
    owner(stack, "iam").put_role_policy(RoleName=role, PolicyName=old.name, PolicyDocument=old.document())
    variables = operator(stack, "Erasing") | {"KEEP_OUT": "1"}
    enter(client, "ada")
    client.control("DELETE", "aws", "/local/calls")

    running = start(stack, "erase", "ada", "--confirm", "ada", "--pause", PAUSE, variables=variables)
    assert running.stdout
    assert any("Waiting until" in line for line in running.stdout)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)

    assert called(client) == actions("Erasing")


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        pytest.param("iam:PutRolePolicy", f"{ROLES}/chime-signin-UserRole-1A2B", True, id="the user role"),
        pytest.param("iam:PutRolePolicy", f"{ROLES}/chime-signin-GuestRole-1A2B", True, id="the role of guests"),
        pytest.param("iam:PutRolePolicy", f"{ROLES}/chime-signin-SigninFunctionRole-1", False, id="the handler's role"),
        pytest.param("iam:PutRolePolicy", f"{ROLES}/Admin", False, id="another role"),
        pytest.param("iam:CreateRole", f"{ROLES}/chime-signin-UserRole-1A2B", False, id="a new role"),
        pytest.param("ssm:PutParameter", f"{PARAMETERS}/chime-signin/chime-signin/revoked-users", True, id="the list"),
        pytest.param("ssm:PutParameter", f"{PARAMETERS}/other", False, id="another parameter"),
        pytest.param("dynamodb:Scan", f"{TABLES}/chime-signin-RoomsTable-1A2B", True, id="the table of rooms"),
        pytest.param("dynamodb:Scan", f"{TABLES}/orders", False, id="another table"),
        pytest.param("dynamodb:DeleteItem", f"{TABLES}/chime-signin-RoomsTable-1A2B", False, id="deleting rooms"),
        pytest.param("chime:DeleteAttendee", f"{MEETINGS}/1", True, id="an attendee"),
        pytest.param("chime:DeleteMeeting", f"{MEETINGS}/1", False, id="a meeting"),
        pytest.param("chime:CreateAttendee", f"{MEETINGS}/1", False, id="entering a meeting"),
    ],
)
def test_revoking_reaches_nothing_else(action: str, resource: str, *, allowed: bool) -> None:

    document = json.dumps({"Version": "2012-10-17", "Statement": POLICIES["Revoking and restoring"]})

    decided = decide(documents.parse(document, of_resource=False), Access(action, resource, {}))

    assert (decided is Decision.ALLOWED) is allowed


def test_what_make_deploy_asks_of_the_account_is_allowed(stack: LocalStack, tmp_path: Path, client: Client) -> None:
    clone = clone_for(stack, tmp_path)
    instance = "arn:aws:chime:us-east-1:123456789012:app-instance/37e9754f"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
    provider = f'[{{"name": "main", "preset": "shared-secret", "secret_arn": "{secret}"}}]'
    clone.write(f"Providers: '{provider}'\nSharedSecretArn: {secret}\nChimeAppInstanceArn: {instance}\n")

    clone.run()

    assert {"sts:GetCallerIdentity", "cloudformation:DescribeStacks", "secretsmanager:DescribeSecret"} <= called(client)
    assert called(client) <= actions("Deploying")


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_whoever_deploys_may_create_each_resource(parameters: dict[str, Any]) -> None:
    types = {str(resource["Type"]) for resource in Translated(parameters).template["Resources"].values()}

    for kind in types:
        longest = max((known for known in BY_TYPE if kind.startswith(known)), key=len, default="")
        assert longest, kind
        assert [one for one in actions("Deploying") if re.match(re.escape(BY_TYPE[longest]), one)], kind
