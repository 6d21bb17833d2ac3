"""Revocations that were begun and not ended, a list without effect or room, and ids that nobody gets any more."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local.cloudformation.deployment import STACK_NAME
from operations.deny_policies import DenyPolicy, IamRole
from operations.doctor.inside.revoked import CHANGED_IDS
from operations.revocation import Revocation
from operations.revoked_users import LIST_NAME, RevocationListParameter
from operations.user_ids import id_marks
from tests.integration.doctor.conftest import PROVIDERS

if TYPE_CHECKING:
    from tests.integration.doctor.conftest import Patient

NAME = LIST_NAME.format(STACK_NAME)


@pytest.fixture
def revoking(patient: Patient) -> Patient:
    patient.deploy(Revocation="true")
    return patient


def the_list(patient: Patient, providers: str = PROVIDERS) -> RevocationListParameter:
    return RevocationListParameter(patient.inside().session, NAME, id_marks(providers))


def revocation(patient: Patient) -> Revocation:
    inside = patient.inside()
    roles = [IamRole(inside.session, arn, inside.account) for arn in inside.stack.role_arns]
    # A real pause, because the times of list and policies are compared, in whole seconds.
    return Revocation(the_list(patient), roles, time.sleep, lambda _: None)


def deny(patient: Patient, *users: str, before: datetime | None = None) -> str:
    policy = DenyPolicy.of(frozenset(users), before or datetime.now(UTC) + timedelta(seconds=2))
    patient.aws.client("iam").put_role_policy(
        RoleName=patient.role("UserRole"), PolicyName=policy.name, PolicyDocument=policy.document()
    )
    return policy.name


def test_users_who_are_revoked_and_denied_are_well(revoking: Patient) -> None:
    revocation(revoking).revoke(["ada", "bob"], seconds=2)

    assert revoking.wrong("revocation list", "half revoked", "revoked ids") == []


def test_user_whose_sessions_go_on_is_named_with_the_command_that_ends_them(revoking: Patient) -> None:
    the_list(revoking).write(frozenset({"ada", "bob"}), 0)
    deny(revoking, "bob")

    [finding] = revoking.wrong("half revoked")

    assert finding.found.startswith("ada: new sign-ins are refused, and sessions of local-UserRole-")
    assert finding.mend == 'make revoke USER="ada"'


def test_policy_of_before_the_revocation_does_not_count(revoking: Patient) -> None:
    deny(revoking, "ada", before=datetime.now(UTC) - timedelta(minutes=10))
    the_list(revoking).write(frozenset({"ada"}), 0)

    assert revoking.wrong("half revoked")[0].mend == 'make revoke USER="ada"'


def test_user_who_is_denied_and_not_on_the_list_is_named_with_the_command(revoking: Patient) -> None:
    revocation(revoking).revoke(["ada", "bob"], seconds=2)
    the_list(revoking).write(frozenset({"bob"}), 1)

    [finding] = revoking.wrong("half revoked")

    assert finding.found.startswith("ada: not on the list, and local-UserRole-")
    assert finding.mend == 'make restore USER="ada"'


def test_policy_that_somebody_has_changed_is_found(revoking: Patient) -> None:
    name = deny(revoking, "ada")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "chime:*", "Resource": "*"}]}
    revoking.aws.client("iam").put_role_policy(
        RoleName=revoking.role("UserRole"), PolicyName=name, PolicyDocument=json.dumps(document)
    )

    [finding] = revoking.wrong("half revoked")

    assert f"{name} was changed" in finding.found
    assert "delete it there" in finding.mend


def test_list_that_no_sign_in_reads_is_found(patient: Patient) -> None:
    patient.deploy()
    the_list(patient).write(frozenset({"ada"}), 0)

    [finding] = patient.wrong("revocation list")

    assert finding.found.startswith("1 users are on the list, and no sign-in reads it")
    assert 'Revocation: "true"' in finding.mend


def test_list_that_is_nearly_full_is_found(revoking: Patient) -> None:
    the_list(revoking).write(frozenset(f"{number:058d}" for number in range(125)), 0)

    [finding] = revoking.wrong("revocation list")

    assert finding.found == "125 users take 93% of the list's room"


def test_run_that_was_overwritten_by_another_is_found(revoking: Patient) -> None:
    the_list(revoking).write(frozenset({"ada"}), 0)
    the_list(revoking).write(frozenset({"bob"}), 0)

    assert "has overwritten what the other did about ada" in revoking.wrong("revocation list")[0].found


def test_list_that_is_no_list_is_unknown(revoking: Patient) -> None:
    revoking.aws.client("ssm").put_parameter(Name=NAME, Value="ada", Type="String")

    for check in ("revocation list", "half revoked", "revoked ids"):
        assert "Nobody can sign in until it is one" in revoking.look(check)[0].found


MOVED = [{"name": "main", "issuer": "https://id.example.com/", "audience": "my-app", "namespace": "old"}]
RENAMED = [{"name": "other", "issuer": "https://id.example.com/", "audience": "another", "required_scopes": ["chat"]}]
TWO = [
    {"name": "main", "issuer": "https://id.example.com/", "audience": "my-app"},
    {"name": "b", "issuer": "https://b/"},
]


@pytest.mark.parametrize(
    ("before", "outdated"),
    [
        pytest.param(json.loads(PROVIDERS), False, id="the same"),
        pytest.param(RENAMED, False, id="another name and audience"),
        pytest.param(MOVED, True, id="another namespace"),
        pytest.param(TWO, True, id="another provider beside it, without which subjects are kept"),
    ],
)
def test_ids_that_are_made_otherwise_since_they_were_revoked_are_found(
    revoking: Patient, before: Any, *, outdated: bool
) -> None:
    the_list(revoking, json.dumps(before)).write(frozenset({"ada"}), 0)
    the_list(revoking).write(frozenset({"ada", "bob"}), 1)

    found = revoking.wrong("revoked ids")

    assert [each.found.partition(" were")[0] for each in found] == (["since ada"] if outdated else [])
    assert {each.mend for each in found} <= {CHANGED_IDS}


def test_id_that_is_no_hash_is_found_where_all_ids_are_hashes(patient: Patient) -> None:
    entry = {"name": "main", "issuer": "https://id.example.com/", "audience": "my-app", "keep_subject": False}
    patient.deploy(Revocation="true", Providers=json.dumps([entry]))
    # As an older make revoke wrote it, without a note of how ids are made.
    the_list(patient, "").write(frozenset({"ada", "hash-abc"}), 0)

    assert patient.wrong("revoked ids")[0].found.startswith("since ada were revoked")
