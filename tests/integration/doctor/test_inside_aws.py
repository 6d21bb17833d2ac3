"""Each misconfiguration inside AWS that the local AWS plays: broken alone, it is found by its check, with its mend."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from moto.apigateway.models import apigateway_backends
from moto.cloudformation.models import cloudformation_backends

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME
from operations import push
from operations.doctor.finding import Verdict
from tests.integration.conftest import policy
from tests.integration.doctor.conftest import ANYBODY, ENDPOINTS

if TYPE_CHECKING:
    from tests.integration.doctor.conftest import Patient

INSTANCE = f"arn:aws:chime:us-east-1:{ACCOUNT}:app-instance/37e9754f"
APP = f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/0123456789abcdef"
NOT_PLAYED = {"chime quotas", "functions", "concurrency", "errors", "metrics", "throttles", "latency"}


def moto_stack() -> Any:
    return cloudformation_backends[ACCOUNT][REGION].get_stack(STACK_NAME)


# ── A stack that is well ─────────────────────────────────────────────────────────────────────────────


def test_nothing_is_wrong_with_a_stack_that_was_just_deployed(patient: Patient) -> None:
    patient.deploy(
        Revocation="true", Messaging="member", ContactList="true", Meetings="open", SourceIdentity="true", Guests="true"
    )

    found = patient.look(
        "stack state", "defaults", "trust", "user roles", "session length", "handler role", "app instance", "admins",
        "api limits", "revocation list", "half revoked", "outputs", "rooms role", "rooms table",
    )  # fmt: skip

    assert [each for each in found if each.verdict is not Verdict.OK] == []
    assert {each.check for each in found} >= {"trust", "user roles", "handler role", "rooms role", "rooms table"}


def test_what_the_local_aws_does_not_play_is_said_and_is_no_failure(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ENDPOINTS:
        monkeypatch.delenv(f"AWS_ENDPOINT_URL_{service}")
    patient.deploy()

    found = patient.look()

    assert {each.check for each in found if each.verdict is Verdict.SKIPPED} == set(NOT_PLAYED)
    assert all("does not play" in each.found for each in found if each.check in NOT_PLAYED)
    assert [each for each in found if each.verdict in (Verdict.WRONG, Verdict.UNKNOWN)] == []


# ── The stack ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        pytest.param("ROLLBACK_COMPLETE", "make delete ENV=", id="the first deployment failed"),
        pytest.param("UPDATE_ROLLBACK_COMPLETE", "make deploy again", id="the last deployment was undone"),
        pytest.param("UPDATE_ROLLBACK_FAILED", "continue-update-rollback", id="not even that worked"),
        pytest.param("UPDATE_IN_PROGRESS", "Wait until that is over", id="somebody deploys"),
    ],
)
def test_state_of_the_stack_is_told(patient: Patient, status: str, mend: str) -> None:
    patient.deploy()
    moto_stack().status = status

    [finding] = patient.wrong("stack state")

    assert finding.found.startswith(status)
    assert mend in finding.mend


# ── Rooms ────────────────────────────────────────────────────────────────────────────────────────────


def test_rooms_that_there_are_not_are_not_looked_at(patient: Patient) -> None:
    patient.deploy()

    assert patient.look("rooms role", "rooms table") == []


@pytest.mark.parametrize(
    ("policy", "actions"),
    [
        pytest.param("Meetings", {"CreateMeeting", "CreateAttendee", "UpdateAttendeeCapabilities"}, id="meetings"),
        pytest.param("Rooms", {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}, id="the table"),
    ],
)
def test_permissions_that_rooms_lack_are_found(patient: Patient, policy: str, actions: set[str]) -> None:
    patient.deploy(Meetings="hosted", Revocation="true")
    patient.aws.client("iam").delete_role_policy(RoleName=patient.role("RoomsFunctionRole"), PolicyName=policy)

    found = [each.found for each in patient.wrong("rooms role")]

    assert all(any(action in each for each in found) for action in actions)


def test_table_of_rooms_that_was_deleted_is_found(patient: Patient) -> None:
    patient.deploy(Meetings="open")
    patient.aws.client("dynamodb").delete_table(TableName=patient.inside().resources["RoomsTable"])

    [finding] = patient.wrong("rooms table")

    assert "there is no table" in finding.found
    assert "make deploy" in finding.mend


def test_names_that_users_cannot_read_in_rooms_are_found(patient: Patient) -> None:
    patient.deploy(Meetings="open")
    patient.aws.client("iam").delete_role_policy(RoleName=patient.role("UserRole"), PolicyName="Names")

    [finding] = patient.wrong("user roles")

    assert "chime:DescribeAppInstanceUser" in finding.found
    assert finding.wanted == "allowed, for names in rooms"


def test_names_that_users_can_read_without_rooms_are_found(patient: Patient) -> None:
    patient.deploy()
    names = {"Effect": "Allow", "Action": "chime:DescribeAppInstanceUser", "Resource": "*"}
    patient.aws.client("iam").put_role_policy(
        RoleName=patient.role("UserRole"), PolicyName="Names", PolicyDocument=policy(names)
    )

    [finding] = patient.wrong("user roles")

    assert "doctor-somebody-else is allowed" in finding.found
    assert "at once" in finding.mend


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("chime:DescribeAppInstanceUser", "doctor-somebody-else is allowed"),
        ("chime:CreateChannelMembership", "chime:CreateChannelMembership on"),
        ("chime:ListAppInstanceUsers", "chime:ListAppInstanceUsers on"),
    ],
)
def test_guest_who_may_do_what_users_may_is_found(patient: Patient, action: str, words: str) -> None:
    patient.deploy(Guests="true", Meetings="open", ContactList="true", Messaging="member")
    more = {"Effect": "Allow", "Action": action, "Resource": "*"}
    # The Deny of everything else would stop it, and somebody has taken that away, too.
    patient.aws.client("iam").put_role_policy(
        RoleName=patient.role("GuestRole"), PolicyName="NothingElse", PolicyDocument=policy(more)
    )

    found = [each.found for each in patient.wrong("user roles")]

    assert any("GuestRole" in each and words in each for each in found)


# ── Chime and the account ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        pytest.param(INSTANCE, f"there is no {INSTANCE}", id="deleted"),
        pytest.param(INSTANCE.replace(ACCOUNT, "210987654321"), "is of account 210987654321", id="another account's"),
    ],
)
def test_app_instance_that_is_not_there_is_found(patient: Patient, arn: str, words: str) -> None:
    patient.deploy(ChimeAppInstanceArn=arn)

    [finding] = patient.look("app instance")

    assert finding.verdict is not Verdict.OK
    assert words in finding.found
    assert finding.mend


def test_access_log_without_the_account_s_role_is_found(patient: Patient) -> None:
    patient.deploy(AccessLog="on")
    account = apigateway_backends[ACCOUNT][REGION].account

    assert "on-with-account-role" in patient.wrong("log role")[0].mend

    account.cloudwatch_role_arn = f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert "which was deleted" in patient.wrong("log role")[0].found

    account.cloudwatch_role_arn = patient.aws.role("logs")
    assert patient.wrong("log role") == []


def test_role_for_logs_that_the_stack_made_and_the_account_lost_is_found(patient: Patient) -> None:
    patient.deploy(AccessLog="on-with-account-role")
    assert patient.wrong("log role") == []

    account = apigateway_backends[ACCOUNT][REGION].account
    own, account.cloudwatch_role_arn = account.cloudwatch_role_arn, None
    [finding] = patient.wrong("log role")
    assert f"value={own}," in finding.mend
    assert "on-with-account-role" not in finding.mend


def test_push_notifications_that_cannot_arrive_are_found(patient: Patient) -> None:
    patient.deploy(PushNotificationsAppArn=APP)
    iam = patient.aws.client("iam")

    [finding] = patient.wrong("push role")
    assert (finding.found, finding.mend) == (f"the role {push.NAME} is not there", "make push-role")

    push.make(push.PushRole(patient.inside().session), APP, lambda _: None)
    assert patient.wrong("push role") == []

    iam.update_assume_role_policy(RoleName=push.NAME, PolicyDocument=policy(ANYBODY))
    assert "it may be assumed by" in patient.wrong("push role")[0].found


def test_push_application_in_another_region_than_the_app_instance_is_found(patient: Patient) -> None:
    patient.deploy(PushNotificationsAppArn=APP.replace(REGION, "eu-west-1"))

    assert patient.wrong("push role")[0].found == "the application is in eu-west-1"


# ── The shared secret ────────────────────────────────────────────────────────────────────────────────


def test_secret_that_is_gone_or_about_to_go_is_found(patient: Patient) -> None:
    arn = patient.aws.endpoint.create_secret("app", "x" * 40, REGION)
    patient.deploy(SharedSecretArn=arn)
    secrets = patient.aws.client("secretsmanager")

    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    [finding] = patient.wrong("secret")
    assert finding.mend == f"aws secretsmanager restore-secret --secret-id {arn}"

    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert "there is no secret" in patient.wrong("secret")[0].found


def test_secret_that_is_named_by_a_part_of_its_arn_is_found(patient: Patient) -> None:
    arn = patient.aws.endpoint.create_secret("app", "x" * 40, REGION)
    patient.deploy(SharedSecretArn=arn.rpartition("-")[0])

    assert patient.wrong("secret")[0].wanted == arn


def test_secret_with_a_key_that_the_stack_does_not_know_is_found(patient: Patient) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd"
    secrets = patient.aws.client("secretsmanager")
    arn = secrets.create_secret(Name="app", SecretString="x" * 40, KmsKeyId=key)["ARN"]
    patient.deploy(SharedSecretArn=arn)

    assert "SharedSecretKeyArn" in patient.wrong("secret")[0].mend


def test_rotation_that_is_stuck_is_found_and_the_secret_is_never_read(patient: Patient) -> None:
    arn = patient.aws.endpoint.create_secret("app", "x" * 40, REGION)
    patient.deploy(SharedSecretArn=arn)
    secrets = patient.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=arn, SecretString="y" * 40, VersionStages=["AWSPENDING"])
    patient.aws.local("DELETE", "calls")

    [finding] = patient.wrong("secret versions")

    assert "AWSPENDING" in finding.found
    assert f"cancel-rotate-secret --secret-id {arn}" in finding.mend
    assert "GetSecretValue" not in {call["operation"] for call in patient.aws.local("GET", "calls")[1]}


def test_previous_version_is_told_with_its_end(patient: Patient) -> None:
    arn = patient.aws.endpoint.create_secret("app", "x" * 40, REGION)
    providers = [{"name": "app", "preset": "shared-secret", "secret_arn": arn, "previous_secret_seconds": 600}]
    patient.deploy(SharedSecretArn=arn, Providers=json.dumps(providers))
    patient.aws.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="y" * 40)

    assert "the previous version is accepted until" in patient.look("secret versions")[0].found
    patient.now = lambda: time.time() + 700
    assert "its previous version is not accepted any more" in patient.look("secret versions")[0].found
