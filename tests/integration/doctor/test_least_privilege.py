"""The doctor only looks, and the policy in docs/permissions.md is enough for it, and no more than it needs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session
from moto.apigateway.models import apigateway_backends
from moto.cloudformation.models import cloudformation_backends
from policy_sentry.querying.actions import get_action_data

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME
from operations import push
from operations.deny_policies import DenyPolicy
from operations.doctor.checks import CHECKS
from operations.doctor.finding import Verdict
from tests.operator_policies import PAGE, policies

if TYPE_CHECKING:
    from tests.integration.doctor.conftest import Patient

ALWAYS = {"cloudformation:DescribeStacks", "cloudformation:DescribeStackResource"}
PREFIXES = {
    "chime-sdk-identity": "chime", "cloudformation": "cloudformation", "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb", "iam": "iam", "kms": "kms", "lambda": "lambda", "logs": "logs",
    "secretsmanager": "secretsmanager", "service-quotas": "servicequotas", "sns": "sns", "ssm": "ssm",
}  # fmt: skip
"""By botocore's name of a service: the prefix of its actions. API Gateway's actions are methods of HTTP."""
APP = f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/0123456789abcdef"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd"
STATEMENTS = policies()["Looking"]


def allowed() -> set[str]:
    return {action for statement in STATEMENTS for action in statement["Action"]}


def actions(operations: set[str]) -> set[str]:
    """Return the actions of *operations*, which have different names in all services that are asked."""
    session = Session()
    known = {service: set(session.get_service_model(service).operation_names) for service in PREFIXES}
    found = {f"{PREFIXES[service]}:{name}" for service, names in known.items() for name in names & operations}
    return found | ({"apigateway:GET"} if "GetAccount" in operations else set())


@pytest.fixture
def ward(patient: Patient) -> Patient:
    """A stack that uses all that can be used, and whose last deployment was undone."""
    iam, secrets = patient.aws.client("iam"), patient.aws.client("secretsmanager")
    arn = secrets.create_secret(Name="app", SecretString="x" * 40, KmsKeyId=KEY)["ARN"]
    patient.deploy(
        Revocation="true", SharedSecretArn=arn, SharedSecretKeyArn=KEY, LogKeyArn=KEY, AccessLog="on",
        PushNotificationsAppArn=APP, AlarmTopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:night", SourceIdentity="true",
        Meetings="open", Guests="true",
    )  # fmt: skip
    cloudformation_backends[ACCOUNT][REGION].get_stack(STACK_NAME).status = "UPDATE_ROLLBACK_COMPLETE"
    apigateway_backends[ACCOUNT][REGION].account.cloudwatch_role_arn = patient.aws.endpoint.roles["SigninFunctionRole"]
    push.make(push.PushRole(patient.inside().session), APP, lambda _: None)
    policy = DenyPolicy.of(frozenset({"ada"}), datetime.now(UTC))
    iam.put_role_policy(RoleName=patient.role("UserRole"), PolicyName=policy.name, PolicyDocument=policy.document())
    name = f"/chime-signin/{STACK_NAME}/revoked-users"
    patient.aws.client("ssm").put_parameter(Name=name, Value='["ada"]', Type="String")
    return patient


def called(ward: Patient, name: str) -> set[str]:
    """Return the actions of the AWS calls that a check makes."""
    ward.aws.local("DELETE", "calls")
    ward.recorded.calls.clear()
    ward.look(name)
    operations = {call["operation"] for call in ward.aws.local("GET", "calls")[1]}
    return actions(operations | {operation for _, operation, _ in ward.recorded.calls})


def table() -> dict[str, set[str]]:
    """Return what docs/permissions.md says that each check calls."""
    section = PAGE.read_text().partition("\n### Looking\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (`.*) \| (.*) \|$", section, re.MULTILINE)
    return {
        name: set(re.findall(r"`([a-z]+:\w+)`", calls))
        for names, calls in rows
        for name in re.findall("`([^`]+)`", names)
    }


@pytest.mark.parametrize("action", sorted(allowed()))
def test_every_action_of_the_policy_only_looks(action: str) -> None:
    prefix, _, name = action.partition(":")
    found: Any = get_action_data(prefix, name)

    assert {each["access_level"] for each in found[prefix]} <= {"List", "Read"}


def test_check_that_would_change_something_or_read_a_secret_is_stopped(patient: Patient) -> None:
    patient.deploy()
    inside = patient.inside()

    with pytest.raises(RuntimeError, match="DeleteRole is no operation that only looks"):
        inside.client("iam").delete_role(RoleName=patient.role("UserRole"))
    with pytest.raises(RuntimeError, match="GetSecretValue"):
        inside.client("secretsmanager").get_secret_value(SecretId="app")


def test_each_check_calls_what_the_table_says_and_all_together_what_the_policy_allows(ward: Patient) -> None:
    inside = [each.name for each in CHECKS.values() if each.place == "inside"]

    found = {name: called(ward, name) - ALWAYS for name in inside}
    # The local CloudFormation makes no alarms, so the check does not get as far as that.
    found["alarms"] |= {"cloudwatch:DescribeAlarms"}
    # Whom it looks for is said by a token, and none is given here.
    found["user in chime"] |= {"chime:DescribeAppInstanceUser", "ssm:GetParameterHistory"}

    assert found == table()
    assert set().union(*found.values()) | ALWAYS == allowed()


def test_whoever_has_that_policy_alone_can_look_at_everything(ward: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = ward.aws.client("iam")
    iam.create_user(UserName="night")
    # On the local AWS the stack is named local.
    document = json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS}).replace("chime-signin*", "local*")
    iam.put_user_policy(UserName="night", PolicyName="Looking", PolicyDocument=document)
    key = iam.create_access_key(UserName="night")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    found = ward.look()

    assert [each for each in found if each.verdict is Verdict.UNKNOWN] == []
    assert [each for each in found if each.verdict is Verdict.SKIPPED] == []


def test_one_action_less_is_named(ward: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = ward.aws.client("iam")
    iam.create_user(UserName="night")
    document = json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS}).replace("chime-signin*", "local*")
    less = document.replace('"iam:SimulatePrincipalPolicy"', '"iam:GetRole"')
    iam.put_user_policy(UserName="night", PolicyName="Looking", PolicyDocument=less)
    key = iam.create_access_key(UserName="night")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    found = ward.look("user roles", "trust")

    assert {(each.check, each.found) for each in found if each.verdict is Verdict.UNKNOWN} == {
        ("user roles", "whoever runs this may not call iam:SimulatePrincipalPolicy")
    }
    assert {each.verdict for each in found if each.check == "trust"} == {Verdict.OK}
