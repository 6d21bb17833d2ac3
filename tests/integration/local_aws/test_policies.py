"""Permissions over HTTP: what policies allow, and how each service answers what they deny."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.aws import identities
from tests.integration.conftest import ANYONE, EVERYTHING, policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Aws

ACCOUNT = "arn:aws:iam::123456789012"
DESCRIBE = {"Effect": "Allow", "Action": "chime:DescribeAppInstanceUser"}
TAGS = [{"Key": "UserUUID", "Value": "ada"}]


@pytest.fixture
def ada(chime: Any, app_instance: str) -> str:
    """A user's ARN."""
    made = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="ada", Name="Ada")
    return str(made["AppInstanceUserArn"])


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    message = answer["Error"]["Message"] or answer.get("Message") or answer.get("message")
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], str(message)


def test_role_is_allowed_what_its_policy_allows(aws: Aws, ada: str) -> None:
    aws.role("Function", {**DESCRIBE, "Resource": ada})
    chime = aws.as_role("Function", "chime-sdk-identity")
    assert chime.describe_app_instance_user(AppInstanceUserArn=ada)["AppInstanceUser"]["Name"] == "Ada"


def test_chime_refuses_with_access_denied(aws: Aws, ada: str) -> None:
    aws.role("Function", {**DESCRIBE, "Resource": f"{ada}s"})
    chime = aws.as_role("Function", "chime-sdk-identity")
    assert refusal(chime.describe_app_instance_user, AppInstanceUserArn=ada) == (
        "AccessDeniedException",
        403,
        (
            "User: arn:aws:sts::123456789012:assumed-role/Function/Function is not authorized to perform: "
            f"chime:DescribeAppInstanceUser on resource: {ada} because no identity-based policy allows the "
            "chime:DescribeAppInstanceUser action"
        ),
    )


def test_explicit_deny_is_named_in_the_message(aws: Aws, ada: str) -> None:
    aws.role("Function", EVERYTHING, {**DESCRIBE, "Effect": "Deny", "Resource": "*"})
    chime = aws.as_role("Function", "chime-sdk-identity")
    message = refusal(chime.describe_app_instance_user, AppInstanceUserArn=ada)[2]
    assert message.endswith(f"on resource: {ada} with an explicit deny in an identity-based policy")


def test_secrets_manager_refuses_with_access_denied(aws: Aws) -> None:
    secret = aws.client("secretsmanager").create_secret(Name="app", SecretString="between us")["ARN"]
    aws.role("Function", {**EVERYTHING, "Action": "chime:*"})
    secrets = aws.as_role("Function", "secretsmanager")
    code, status, message = refusal(secrets.get_secret_value, SecretId="app")
    assert (code, status) == ("AccessDeniedException", 400)
    assert f"secretsmanager:GetSecretValue on resource: {secret} because" in message


@pytest.mark.parametrize("named", [lambda arn: arn, lambda _: "app", lambda arn: arn[:-7]], ids=["arn", "name", "stem"])
def test_secret_is_authorised_by_its_whole_arn(named: Callable[[str], str], aws: Aws) -> None:
    secret = aws.client("secretsmanager").create_secret(Name="app", SecretString="between us")["ARN"]
    aws.role("Function", {**EVERYTHING, "Resource": secret})
    aws.role("Other", {**EVERYTHING, "Resource": secret[:-7]})
    read = aws.as_role("Function", "secretsmanager").get_secret_value(SecretId=named(secret))
    assert read["SecretString"] == "between us"
    assert refusal(aws.as_role("Other", "secretsmanager").get_secret_value, SecretId=named(secret))[1] == 400


def test_sts_refuses_with_access_denied(aws: Aws) -> None:
    aws.role("Function", {**EVERYTHING, "Action": "chime:*"})
    user_role = aws.role("User", trusts={**ANYONE, "Principal": {"AWS": "123456789012"}})
    sts = aws.as_role("Function", "sts")
    assert refusal(sts.assume_role, RoleArn=user_role, RoleSessionName="ada") == (
        "AccessDenied",
        403,
        (
            "User: arn:aws:sts::123456789012:assumed-role/Function/Function is not authorized to perform: "
            f"sts:AssumeRole on resource: {user_role}"
        ),
    )


@pytest.mark.parametrize(
    ("own", "trusts", "allowed"),
    [
        pytest.param({}, {}, True, id="both policies, the trust policy by the role"),
        pytest.param({"Action": "chime:*"}, {}, True, id="the trust policy alone, by the role"),
        pytest.param({}, {"Principal": {"AWS": "123456789012"}}, True, id="both, the trust policy by the account"),
        pytest.param({"Action": "chime:*"}, {"Principal": {"AWS": "123456789012"}}, False, id="the account alone"),
        pytest.param({"Resource": f"{ACCOUNT}:role/Other"}, {"Principal": {"AWS": "123456789012"}}, False, id="other"),
        pytest.param({}, {"Principal": {"AWS": f"{ACCOUNT}:role/Other"}}, False, id="own permission, no trust"),
        pytest.param({}, {"Principal": {"Service": "lambda.amazonaws.com"}}, False, id="trust in a service"),
        pytest.param({}, {"Action": "sts:TagSession"}, False, id="trust for tags alone"),
    ],
)
def test_role_is_assumed_by(own: dict[str, Any], trusts: dict[str, Any], allowed: bool, aws: Aws) -> None:  # noqa: FBT001
    aws.role("Function", {**EVERYTHING, **own})
    user_role = aws.role("User", trusts={**ANYONE, "Principal": {"AWS": f"{ACCOUNT}:role/Function"}, **trusts})
    sts = aws.as_role("Function", "sts")
    request = {"RoleArn": user_role, "RoleSessionName": "ada"}
    if allowed:
        assert sts.assume_role(**request)["Credentials"]
    else:
        assert refusal(sts.assume_role, **request)[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("extra", "action"),
    [
        pytest.param({"Tags": TAGS}, "sts:TagSession", id="tags"),
        pytest.param({"SourceIdentity": "ada"}, "sts:SetSourceIdentity", id="a source identity"),
    ],
)
@pytest.mark.parametrize("missing_in", ["nothing", "trust", "own", "both"])
def test_extra_of_a_session_is_a_permission_of_its_own(
    extra: dict[str, Any], action: str, missing_in: str, aws: Aws
) -> None:
    full, bare = ["sts:AssumeRole", action], ["sts:AssumeRole"]
    aws.role("Function", {**EVERYTHING, "Action": bare if missing_in in ("own", "both") else full})
    by_account = {**ANYONE, "Principal": {"AWS": "123456789012"}}
    user_role = aws.role("User", trusts={**by_account, "Action": bare if missing_in in ("trust", "both") else full})
    request = {"RoleArn": user_role, "RoleSessionName": "ada"}
    sts = aws.as_role("Function", "sts")
    assert sts.assume_role(**request)["Credentials"]
    if missing_in == "nothing":
        assert sts.assume_role(**request, **extra)["Credentials"]
    else:
        assert f"perform: {action} on resource: {user_role}" in refusal(sts.assume_role, **request, **extra)[2]


def test_chained_source_identity_needs_the_callers_own_permission_even_if_trust_names_it(aws: Aws) -> None:
    by_name = {**ANYONE, "Principal": {"AWS": f"{ACCOUNT}:role/Function"}}
    aws.role("Function", {**EVERYTHING, "Action": "chime:*"})
    user_role = aws.role("User", trusts=by_name)
    request = {"RoleArn": user_role, "RoleSessionName": "ada"}
    sts = aws.as_role("Function", "sts")
    assert sts.assume_role(**request, Tags=TAGS)["Credentials"]
    assert refusal(sts.assume_role, **request, SourceIdentity="ada")[0] == "AccessDenied"


def test_source_identity_that_was_set_needs_permission_to_be_passed_on(aws: Aws) -> None:
    first = aws.role("First")
    bare = aws.role("Bare", trusts={**ANYONE, "Action": "sts:AssumeRole"})
    assume = aws.client("sts").assume_role
    for extra, allowed in (({}, True), ({"SourceIdentity": "ada"}, False)):
        session = assume(RoleArn=first, RoleSessionName="first", **extra)["Credentials"]
        again = aws.client("sts", session).assume_role
        if allowed:
            assert again(RoleArn=bare, RoleSessionName="second")["Credentials"]
        else:
            assert "sts:SetSourceIdentity" in refusal(again, RoleArn=bare, RoleSessionName="second")[2]


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        pytest.param({"StringEquals": {"sts:RoleSessionName": "ada"}}, True, id="the session's name"),
        pytest.param({"StringEquals": {"sts:RoleSessionName": "bob"}}, False, id="another session's name"),
        pytest.param({"StringLike": {"sts:SourceIdentity": "ada@*"}}, True, id="the source identity"),
        pytest.param({"StringEquals": {"sts:ExternalId": "x"}}, False, id="an external id that was not given"),
        pytest.param({"ArnEquals": {"aws:PrincipalArn": f"{ACCOUNT}:role/Function"}}, True, id="the caller's role"),
        pytest.param({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "UserUUID"}}, True, id="transitive tags"),
        pytest.param({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "Team"}}, False, id="other ones"),
        pytest.param({"StringEquals": {"aws:RequestTag/UserUUID": "${aws:PrincipalTag/Team}"}}, True, id="a variable"),
        pytest.param({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True, id="the region"),
        pytest.param({"Bool": {"aws:SecureTransport": "false"}}, False, id="a call without TLS"),
    ],
)
def test_trust_policys_condition_sees(condition: Any, allowed: bool, aws: Aws) -> None:  # noqa: FBT001 - a table's column
    aws.role("Function", EVERYTHING, Tags=[{"Key": "Team", "Value": "ada"}])
    user_role = aws.role("User", trusts={**ANYONE, "Condition": condition})
    request = {"RoleArn": user_role, "RoleSessionName": "ada", "SourceIdentity": "ada@example.org"}
    sts = aws.as_role("Function", "sts")
    if allowed:
        assert sts.assume_role(**request, Tags=TAGS, TransitiveTagKeys=["UserUUID"])["Credentials"]
    else:
        refused = refusal(sts.assume_role, **request, Tags=TAGS, TransitiveTagKeys=["UserUUID"])
        assert refused[0] == "AccessDenied"


def test_session_tag_takes_precedence_over_the_roles_tag(aws: Aws, app_instance: str) -> None:
    own = {**DESCRIBE, "Resource": f"{app_instance}/user/${{aws:PrincipalTag/UserUUID}}"}
    role = aws.role("User", own, Tags=[{"Key": "useruuid", "Value": "bob"}])
    tagged = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ada", Tags=TAGS)["Credentials"]
    plain = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="ada")["Credentials"]
    for credentials, user in ((tagged, "ada"), (plain, "bob")):
        describe = aws.client("chime-sdk-identity", credentials).describe_app_instance_user
        others = {"ada": "bob", "bob": "ada"}[user]
        assert refusal(describe, AppInstanceUserArn=f"{app_instance}/user/{user}")[0] == "ForbiddenException"  # missing
        assert refusal(describe, AppInstanceUserArn=f"{app_instance}/user/{others}")[0] == "AccessDeniedException"


def test_sessions_from_before_a_moment_are_revoked(aws: Aws, ada: str) -> None:
    aws.role("Function")
    before = aws.as_role("Function", "chime-sdk-identity")
    iam = aws.client("iam")
    for moment, allowed in ((timedelta(minutes=-1), True), (timedelta(minutes=1), False)):
        issued = (datetime.now(UTC) + moment).isoformat()
        revoke = {**EVERYTHING, "Effect": "Deny", "Condition": {"DateLessThan": {"aws:TokenIssueTime": issued}}}
        iam.put_role_policy(RoleName="Function", PolicyName="revoke", PolicyDocument=policy(revoke))
        if allowed:
            assert before.describe_app_instance_user(AppInstanceUserArn=ada)
        else:
            assert refusal(before.describe_app_instance_user, AppInstanceUserArn=ada)[0] == "AccessDeniedException"


def test_attached_policies_count_in_their_default_version(aws: Aws, ada: str) -> None:
    iam = aws.client("iam")
    aws.role("Function", {**EVERYTHING, "Action": "sts:*"})
    document = policy({**DESCRIBE, "Resource": ada})
    arn = iam.create_policy(PolicyName="describe", PolicyDocument=document)["Policy"]["Arn"]
    describe = aws.as_role("Function", "chime-sdk-identity").describe_app_instance_user
    assert refusal(describe, AppInstanceUserArn=ada)[0] == "AccessDeniedException"
    iam.attach_role_policy(RoleName="Function", PolicyArn=arn)
    assert describe(AppInstanceUserArn=ada)
    later = policy({**DESCRIBE, "Resource": f"{ada}s"})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=later, SetAsDefault=True)
    assert refusal(describe, AppInstanceUserArn=ada)[0] == "AccessDeniedException"


def test_user_has_the_policies_of_its_groups(aws: Aws, ada: str) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="operator")
    keys = iam.create_access_key(UserName="operator")["AccessKey"]
    describe = aws.client("chime-sdk-identity", keys).describe_app_instance_user
    assert refusal(describe, AppInstanceUserArn=ada)[2].startswith(f"User: {ACCOUNT}:user/operator is not authorized")
    iam.create_group(GroupName="operators")
    own = {**DESCRIBE, "Resource": "*", "Condition": {"StringEquals": {"aws:username": "operator"}}}
    iam.put_group_policy(GroupName="operators", PolicyName="describe", PolicyDocument=policy(own))
    iam.add_user_to_group(GroupName="operators", UserName="operator")
    assert describe(AppInstanceUserArn=ada)


def test_both_resources_of_an_action_have_to_be_allowed(aws: Aws, app_instance: str) -> None:
    create = {"Effect": "Allow", "Action": "chime:CreateAppInstanceUser"}
    aws.role("Both", {**create, "Resource": [app_instance, f"{app_instance}/user/*"]})
    aws.role("Instance", {**create, "Resource": app_instance})
    aws.role("Users", {**create, "Resource": f"{app_instance}/user/*"})
    user = {"AppInstanceArn": app_instance, "AppInstanceUserId": "ada", "Name": "Ada"}
    for name in ("Instance", "Users"):
        refused = refusal(aws.as_role(name, "chime-sdk-identity").create_app_instance_user, **user)
        assert refused[0] == "AccessDeniedException"
    assert aws.as_role("Both", "chime-sdk-identity").create_app_instance_user(**user)


@pytest.mark.parametrize(
    ("more", "action"),
    [
        pytest.param({"Tags": TAGS}, "chime:TagResource", id="tags"),
        pytest.param(
            {"ExpirationSettings": {"ExpirationDays": 1, "ExpirationCriterion": "CREATED_TIMESTAMP"}},
            "chime:PutAppInstanceUserExpirationSettings",
            id="an expiration",
        ),
    ],
)
def test_user_is_created_with(more: dict[str, Any], action: str, aws: Aws, app_instance: str) -> None:
    aws.role("Creator", {**EVERYTHING, "Action": "chime:CreateAppInstanceUser"})
    aws.role("Full", {**EVERYTHING, "Action": ["chime:CreateAppInstanceUser", action]})
    user = {"AppInstanceArn": app_instance, "AppInstanceUserId": "ada", "Name": "Ada", **more}
    refused = refusal(aws.as_role("Creator", "chime-sdk-identity").create_app_instance_user, **user)
    assert f"perform: {action} on resource: {app_instance}/user/ada" in refused[2]
    assert aws.as_role("Full", "chime-sdk-identity").create_app_instance_user(**user)


def test_get_caller_identity_needs_no_permission(aws: Aws) -> None:
    aws.role("Nobody", {**EVERYTHING, "Effect": "Deny"})
    assert aws.as_role("Nobody", "sts").get_caller_identity()["Account"] == "123456789012"


def test_request_without_its_arn_needs_a_policy_for_all_resources(aws: Aws, app_instance: str) -> None:
    aws.role("All", {**EVERYTHING, "Action": "chime:*"})
    aws.role("Some", {**EVERYTHING, "Action": "chime:*", "Resource": f"{app_instance}*"})
    user = {"AppInstanceUserId": "ada", "Name": "Ada"}
    assert refusal(aws.as_role("All", "chime-sdk-identity").create_app_instance_user, **user)[1] == 400
    assert refusal(aws.as_role("Some", "chime-sdk-identity").create_app_instance_user, **user)[1] == 403


def test_fault_is_not_applied_to_a_denied_call(aws: Aws, chime: Any, ada: str) -> None:
    aws.role("Nobody", {**EVERYTHING, "Effect": "Deny"})
    aws.local("POST", "faults", {"operation": "DescribeAppInstanceUser", "error": "ServiceFailureException"})
    nobody = aws.as_role("Nobody", "chime-sdk-identity")
    assert refusal(nobody.describe_app_instance_user, AppInstanceUserArn=ada)[0] == "AccessDeniedException"
    with pytest.raises(chime.exceptions.ServiceFailureException):
        chime.describe_app_instance_user(AppInstanceUserArn=ada)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"Condition": {"StringMatches": {"aws:userid": "x"}}}, "StringMatches", id="an unknown operator"),
        pytest.param({"Condition": {"StringLike": {"aws:SourceVpc": "x"}}}, "aws:SourceVpc", id="an unknown key"),
        pytest.param({"Principal": "*"}, "Principal", id="an element that is out of place"),
    ],
)
def test_policy_that_is_not_understood_allows_nothing_and_is_named(
    change: dict[str, Any], says: str, aws: Aws, ada: str
) -> None:
    aws.role("Function", EVERYTHING)
    # Written into moto's state, because IAM itself would refuse some of these.
    identities.iam_backend().get_role("Function").policies["odd"] = policy({**DESCRIBE, "Resource": "*", **change})
    describe = aws.as_role("Function", "chime-sdk-identity").describe_app_instance_user
    code, status, message = refusal(describe, AppInstanceUserArn=ada)
    assert (code, status) == ("NotImplementedException", 501)
    assert says in message


def test_permissions_boundary_is_not_ignored(aws: Aws, ada: str) -> None:
    iam = aws.client("iam")
    document = policy({**EVERYTHING, "Action": "sts:*"})
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
    aws.role("Function", PermissionsBoundary=boundary)
    describe = aws.as_role("Function", "chime-sdk-identity").describe_app_instance_user
    assert "boundary" in refusal(describe, AppInstanceUserArn=ada)[2]


def test_policy_of_assume_role_is_not_ignored(aws: Aws) -> None:
    role = aws.role("User")
    document = policy({**EVERYTHING, "Action": "sts:*"})
    refused = refusal(aws.client("sts").assume_role, RoleArn=role, RoleSessionName="ada", Policy=document)
    assert refused[:2] == ("NotImplemented", 501)


def test_secrets_own_policy_is_not_ignored(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name="app", SecretString="between us")
    denial = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}
    secrets.put_resource_policy(SecretId="app", ResourcePolicy=policy(denial))
    assert "a policy of its own" in refusal(secrets.get_secret_value, SecretId="app")[2]


def test_operation_on_an_unknown_resource_needs_a_policy_for_all_resources(aws: Aws) -> None:
    aws.role("All")
    aws.role("Some", {**EVERYTHING, "Resource": f"{ACCOUNT}:role/*"})
    aws.role("None", {**EVERYTHING, "Action": "chime:*"})
    assert aws.as_role("All", "iam").list_roles()["Roles"]
    assert "not known here on which resource" in refusal(aws.as_role("Some", "iam").list_roles)[2]
    assert refusal(aws.as_role("None", "iam").list_roles)[0] == "AccessDenied"
