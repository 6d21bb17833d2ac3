"""Each misconfiguration of the stack's roles, inside AWS: broken alone, it is found by its check, with its mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto.iam.models import iam_backends

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION
from operations.doctor.finding import Verdict
from tests.integration.conftest import policy
from tests.integration.doctor.conftest import ANYBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.doctor.conftest import Patient

TAG = "aws:RequestTag/UserUUID"


# ── Who may assume user roles ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def trust(patient: Patient, change_trust: Any) -> Callable[[Callable[[Any], None]], str]:
    """Return a function that changes UserRole's trust policy and returns what the check finds wrong with it."""

    def change(edit: Callable[[Any], None]) -> str:
        change_trust(patient.role("UserRole"), edit)
        [finding] = patient.wrong("trust")
        assert "aws iam update-assume-role-policy --role-name" in finding.mend
        assert "docs/permissions.md#who-may-assume-it" in finding.mend
        return finding.found

    patient.deploy(SourceIdentity="true")
    return change


def edit(statement: int, **changes: Any) -> Callable[[Any], None]:
    return lambda trusted: trusted["Statement"][statement].update(changes)


def condition(operator: str, key: str, value: Any) -> Callable[[Any], None]:
    return lambda trusted: trusted["Statement"][0]["Condition"].update({operator: {key: value}})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(edit(0, Action="sts:AssumeRole"), "does not allow sts:TagSession", id="no session tags"),
        pytest.param(edit(0, Action="sts:TagSession"), "does not allow sts:AssumeRole", id="not assumed at all"),
        pytest.param(
            lambda trusted: trusted["Statement"].pop(1), "does not allow sts:SetSourceIdentity", id="no source identity"
        ),
        pytest.param(
            lambda trusted: trusted["Statement"].append(ANYBODY), "trusts somebody else, arn:aws:iam", id="everybody"
        ),
    ],
)
def test_trust_policy_that_was_changed_is_found(trust: Any, change: Any, words: str) -> None:
    assert words in trust(change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(condition("StringLike", TAG, "*"), f"{TAG}: StringLike", id="empty tags"),
        pytest.param(
            condition("StringLike", "aws:RequestTag/userId", "?*"),
            "without a condition on aws:RequestTag/UserUUID",
            id="tag",
        ),
        pytest.param(
            condition("ForAllValues:StringEquals", "aws:TagKeys", ["UserUUID", "admin"]), "or admin", id="more tags"
        ),
        pytest.param(condition("StringEquals", "sts:ExternalId", "x"), "a further condition", id="an external id"),
    ],
)
def test_other_conditions_on_the_session_tag_are_found(
    patient: Patient, change_trust: Any, change: Any, words: str
) -> None:
    patient.deploy()
    change_trust(patient.role("UserRole"), change)

    found = patient.wrong("trust")

    # One for AssumeRole and one for TagSession, which stand in one statement.
    assert len([each for each in found if words in each.found]) >= 2
    assert len({each.mend for each in found}) == 1


def test_role_whose_trusted_role_was_deleted_is_told_so(patient: Patient) -> None:
    patient.deploy()
    role = iam_backends[ACCOUNT]["aws"].get_role(patient.role("UserRole"))
    # What IAM shows once the trusted role is gone: its id.
    role.assume_role_policy_document = role.assume_role_policy_document.replace(
        patient.aws.endpoint.roles["SigninFunctionRole"], "AROAEXAMPLEEXAMPLE123"
    )

    found = [each.found for each in patient.wrong("trust")]

    assert any("trusts a role that was deleted, AROAEXAMPLE" in each for each in found)


def test_role_of_one_s_own_is_looked_at_like_the_stack_s(patient: Patient) -> None:
    arn = patient.aws.role("moderator", {"Effect": "Allow", "Action": "chime:*", "Resource": "*"}, trusts=ANYBODY)
    patient.deploy(UserRoleArns=arn)

    assert any("moderator trusts somebody else" in each.found for each in patient.wrong("trust"))
    found = [each.found for each in patient.wrong("user roles")]
    assert any("chime:Connect" in each and "doctor-somebody-else is allowed" in each for each in found)
    assert any("a policy of a resource could allow it to all users" in each for each in found)


def test_role_of_another_account_is_unknown(patient: Patient) -> None:
    patient.deploy(UserRoleArns="arn:aws:iam::210987654321:role/moderator")

    for check in ("trust", "user roles"):
        assert [each.found for each in patient.look(check) if each.verdict is Verdict.UNKNOWN] == [
            "arn:aws:iam::210987654321:role/moderator is in another account"
        ]


def test_sessions_that_are_shorter_than_they_should_be_are_found(patient: Patient) -> None:
    arn = patient.aws.role("short", MaxSessionDuration=3600)
    patient.deploy(UserRoleArns=arn)
    iam_backends[ACCOUNT]["aws"].get_role("short").max_session_duration = "900"

    [finding] = patient.wrong("session length")

    assert finding.mend == "aws iam update-role --role-name short --max-session-duration 3600"


# ── What roles may do ────────────────────────────────────────────────────────────────────────────────


def test_policy_with_which_a_user_is_anybody_is_found(patient: Patient) -> None:
    patient.deploy()
    everybody = {"Effect": "Allow", "Action": "chime:SendChannelMessage", "Resource": "*"}
    patient.aws.client("iam").put_role_policy(
        RoleName=patient.role("UserRole"), PolicyName="More", PolicyDocument=policy(everybody)
    )

    [finding] = patient.wrong("user roles")

    assert "chime:SendChannelMessage" in finding.found
    assert "doctor-somebody-else is allowed to doctor-somebody" in finding.found
    assert "at once" in finding.mend


@pytest.mark.parametrize(
    ("role", "policy", "check", "words"),
    [
        pytest.param("UserRole", "Messaging", "user roles", "chime:Connect", id="users may not connect"),
        pytest.param("UserRole", "NothingElse", "user roles", "dynamodb:GetItem is not allowed", id="no Deny"),
        pytest.param("UserRole", "Contacts", "user roles", "chime:ListAppInstanceUsers", id="no contact list"),
        pytest.param("GuestRole", "Messaging", "user roles", "chime:Connect", id="guests may not connect"),
        pytest.param(
            "GuestRole", "NothingElse", "user roles", "dynamodb:GetItem is not allowed", id="no Deny of guests"
        ),
        pytest.param("SigninFunctionRole", "Guests", "handler role", "chime:PutAppInstanceUserExp", id="no guests"),
        pytest.param("SigninFunctionRole", "AssumeUserRole", "handler role", "sts:AssumeRole", id="no sessions"),
        pytest.param("SigninFunctionRole", "AppInstanceUsers", "handler role", "chime:CreateApp", id="no users"),
        pytest.param("SigninFunctionRole", "RevokedUsers", "handler role", "ssm:GetParameter", id="no list"),
    ],
)
def test_policy_that_somebody_took_away_is_found(
    patient: Patient, role: str, policy: str, check: str, words: str
) -> None:
    patient.deploy(Revocation="true", ContactList="true", Guests="true")
    patient.aws.client("iam").delete_role_policy(RoleName=patient.role(role), PolicyName=policy)

    found = patient.wrong(check)

    assert any(words in each.found for each in found)
    assert all(
        "by hand" in each.mend or "docs/permissions.md#nothing-else-addeduseractions" in each.mend for each in found
    )


def test_authorizer_that_may_not_read_the_secret_is_found(patient: Patient) -> None:
    arn = patient.aws.endpoint.create_secret("app", "x" * 40, REGION)
    patient.deploy(SharedSecretArn=arn)
    assert patient.wrong("authorizer role", "secret", "secret versions") == []
    patient.aws.client("iam").delete_role_policy(
        RoleName=patient.role("AuthorizerFunctionRole"), PolicyName="SharedSecret"
    )

    found = patient.wrong("authorizer role")

    assert [each.found.partition(" on ")[0] for each in found] == [
        f"for {patient.role('AuthorizerFunctionRole')}, secretsmanager:GetSecretValue",
        f"for {patient.role('AuthorizerFunctionRole')}, secretsmanager:DescribeSecret",
    ]
