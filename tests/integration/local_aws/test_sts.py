"""AssumeRole, and the sessions that it starts, through boto3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.aws import identities

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

GOOD: dict[str, Any] = {
    "RoleSessionName": "chime_ada",
    "Tags": [{"Key": "UserUUID", "Value": "ada"}],
    "DurationSeconds": 900,
}


@pytest.fixture
def user_role(aws: Aws) -> str:
    return aws.role("UserRole")


@pytest.fixture
def function(aws: Aws) -> Any:
    """STS, called with a function's credentials."""
    aws.role("FunctionRole", MaxSessionDuration=43200)
    return aws.client("sts", aws.endpoint.credentials("FunctionRole"))


def refusal(sts: Any, **request: Any) -> tuple[str, int, str]:
    """Code, status and message."""
    with pytest.raises(ClientError) as refused:
        sts.assume_role(**request)
    error = refused.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Message"]


def test_session_is_named_and_ends_on_time(function: Any, user_role: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = function.assume_role(RoleArn=user_role, **GOOD)
    after = datetime.now(UTC)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/UserRole/chime_ada"
    assert before <= answer["Credentials"]["Expiration"] - timedelta(seconds=900) <= after


def test_session_lasts_an_hour_by_default(function: Any, user_role: str) -> None:
    answer = function.assume_role(RoleArn=user_role, RoleSessionName="ada")
    assert answer["Credentials"]["Expiration"] > datetime.now(UTC) + timedelta(minutes=59)


def test_session_keeps_tags_source_identity_and_caller(function: Any, user_role: str) -> None:
    answer = function.assume_role(RoleArn=user_role, SourceIdentity="ada@example.org", **GOOD)
    session = identities.find_session(answer["Credentials"]["AccessKeyId"])
    assert session is not None
    assert session.context.tags == {"UserUUID": "ada"}
    assert session.context.source_identity == answer["SourceIdentity"] == "ada@example.org"
    assert session.context.caller_arn == "arn:aws:sts::123456789012:assumed-role/FunctionRole/FunctionRole"
    assert session.role_arn == user_role


def test_credentials_of_the_session_name_their_caller(aws: Aws, function: Any, user_role: str) -> None:
    credentials = function.assume_role(RoleArn=user_role, **GOOD)["Credentials"]
    identity = aws.client("sts", credentials).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/UserRole/chime_ada"
    assert identity["Account"] == "123456789012"
    assert identity["UserId"].endswith(":chime_ada")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"RoleSessionName": "a|b"}, "at 'roleSessionName'", id="a bar in the session name"),
        pytest.param({"RoleSessionName": "a b"}, "at 'roleSessionName'", id="a space in the session name"),
        pytest.param({"RoleSessionName": "adé"}, "at 'roleSessionName'", id="a session name beyond ASCII"),
        pytest.param({"RoleSessionName": "a" * 65}, "less than or equal to 64", id="a session name of 65"),
        pytest.param({"Tags": [{"Key": "UserUUID", "Value": "a|b"}]}, "tags.1.member.value", id="a bar in a tag"),
        pytest.param({"Tags": [{"Key": "UserUUID", "Value": "a" * 257}]}, "equal to 256", id="a tag of 257"),
        pytest.param({"Tags": [{"Key": "k" * 129, "Value": ""}]}, "equal to 128", id="a tag key of 129"),
        pytest.param({"Tags": [{"Key": str(n), "Value": ""} for n in range(51)]}, "equal to 50", id="51 tags"),
        pytest.param({"SourceIdentity": "auth0:ada"}, "at 'sourceIdentity'", id="a colon in the source identity"),
        pytest.param({"DurationSeconds": 899}, "greater than or equal to 900", id="899 seconds"),
        pytest.param({"DurationSeconds": 43201}, "less than or equal to 43200", id="more than 12 hours"),
        pytest.param(
            {"DurationSeconds": 3601}, "1 hour session limit for roles assumed by role chaining", id="chaining"
        ),
    ],
)
def test_validation_error_for(change: dict[str, Any], says: str, function: Any, user_role: str) -> None:
    code, status, message = refusal(function, **{"RoleArn": user_role, **GOOD, **change})
    assert (code, status) == ("ValidationError", 400)
    assert says in message


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"RoleSessionName": "a" * 64}, id="a session name of 64"),
        pytest.param({"RoleSessionName": "A_z0+=,.@-"}, id="every mark that a session name may have"),
        pytest.param({"Tags": [{"Key": "UserUUID", "Value": "Ада_.:/=+-@ 9"}]}, id="letters of any script in a tag"),
        pytest.param({"Tags": [{"Key": "UserUUID", "Value": ""}]}, id="an empty tag"),
        pytest.param({"DurationSeconds": 3600}, id="an hour"),
    ],
)
def test_accepts(change: dict[str, Any], function: Any, user_role: str) -> None:
    assert function.assume_role(**{"RoleArn": user_role, **GOOD, **change})["Credentials"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"Tags": [{"Key": "UserUUID", "Value": "a"}, {"Key": "useruuid", "Value": "b"}]}, id="a tag given twice"
        ),
        pytest.param({"Tags": [{"Key": "aws:x", "Value": "a"}]}, id="a reserved tag key"),
        pytest.param({"TransitiveTagKeys": ["Team"]}, id="a transitive key without a tag"),
    ],
)
def test_invalid_parameter_for(change: dict[str, Any], function: Any, user_role: str) -> None:
    code, status, _ = refusal(function, **{"RoleArn": user_role, **GOOD, **change})
    assert (code, status) == ("InvalidParameterValue", 400)


def test_missing_role_is_answered_like_one_that_may_not_be_assumed(function: Any, user_role: str) -> None:
    code, status, message = refusal(function, RoleArn=f"{user_role}s", **GOOD)
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        "User: arn:aws:sts::123456789012:assumed-role/FunctionRole/FunctionRole is not authorized to perform: "
        f"sts:AssumeRole on resource: {user_role}s"
    )


def test_user_may_ask_for_as_long_as_the_role_allows(aws: Aws) -> None:
    owner = aws.client("sts")
    long = aws.role("LongRole", MaxSessionDuration=7200)
    assert owner.assume_role(RoleArn=long, RoleSessionName="ada", DurationSeconds=7200)["Credentials"]
    code, status, message = refusal(owner, RoleArn=long, RoleSessionName="ada", DurationSeconds=7201)
    assert (code, status) == ("ValidationError", 400)
    assert "exceeds the MaxSessionDuration set for this role" in message


def test_transitive_tags_and_source_identity_are_passed_on(aws: Aws, function: Any, user_role: str) -> None:
    first = function.assume_role(
        RoleArn=user_role,
        RoleSessionName="first",
        Tags=[{"Key": "UserUUID", "Value": "ada"}, {"Key": "Team", "Value": "engines"}],
        TransitiveTagKeys=["UserUUID"],
        SourceIdentity="ada",
    )["Credentials"]
    chained = aws.client("sts", first)
    second = identities.find_session(
        chained.assume_role(RoleArn=user_role, RoleSessionName="second")["Credentials"]["AccessKeyId"]
    )
    assert second is not None
    assert (second.context.tags, second.context.source_identity) == ({"UserUUID": "ada"}, "ada")
    code, _, _ = refusal(chained, RoleArn=user_role, RoleSessionName="third", SourceIdentity="bob")
    assert code == "AccessDenied"


@pytest.mark.parametrize(
    ("called", "refused"),
    [
        pytest.param(("sts", "get_caller_identity"), ("ExpiredToken", 403), id="STS"),
        pytest.param(("chime-sdk-identity", "list_app_instances"), ("ExpiredTokenException", 403), id="Chime"),
        pytest.param(("secretsmanager", "list_secrets"), ("ExpiredTokenException", 400), id="Secrets Manager"),
    ],
)
def test_expired_session_is_refused_by(called: tuple[str, str], refused: tuple[str, int], aws: Aws) -> None:
    aws.role("FunctionRole")
    credentials = aws.endpoint.credentials("FunctionRole")
    ask = getattr(aws.client(called[0], credentials), called[1])
    ask()
    session = identities.find_session(credentials["AccessKeyId"])
    assert session is not None
    session.expiration -= timedelta(hours=12)
    with pytest.raises(ClientError) as error:
        ask()
    assert error.value.response["Error"]["Code"] == refused[0]
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == refused[1]
