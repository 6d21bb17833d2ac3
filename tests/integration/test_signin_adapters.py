"""Chime and STS through boto3, against the local AWS: what each of their failures means to us."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3

from local.aws.endpoint import AwsEndpoint
from local.web import Server
from signin import aws
from signin.chime import ChimeUsers
from signin.errors import Rejected, SigninError, Throttled, Unavailable, UserExists, UserMissing
from signin.sessions import Session
from signin.sts import RoleSessions
from signin.users import AppInstanceUser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANYONE = {
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
}


def client(service: str, region: str = "us-east-1") -> Any:
    session: Any = boto3.Session()
    return session.client(service, region_name=region)


class Cloud:
    """The local AWS, an AppInstance and a user role in it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app_instance_arn: str = client("chime-sdk-identity").create_app_instance(
            Name="test", ClientRequestToken="test"
        )["AppInstanceArn"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": [ANYONE]})
        self.role_arn: str = client("iam").create_role(RoleName="User", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.users = ChimeUsers(self.app_instance_arn)
        self.sessions = RoleSessions(source_identity=False)

    def fault(self, operation: str, **fault: Any) -> None:
        body = json.dumps({"operation": operation, **fault}).encode()
        assert urllib3.request("POST", f"{self.url}/local/faults", body=body).status in (200, 201)

    def parameters(self, operation: str) -> list[dict[str, Any]]:
        calls = json.loads(urllib3.request("GET", f"{self.url}/local/calls").data)
        return [call["parameters"] for call in calls if call["operation"] == operation]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    endpoint = AwsEndpoint()
    server = Server(endpoint)
    owner = endpoint.root_credentials()
    # The default session remembers the credentials of the test before.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", owner["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", owner["SecretAccessKey"])
    yield Cloud(server.url)
    server.close()
    endpoint.close()


def test_user_who_was_made_can_be_described(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace")

    assert cloud.users.describe("ada") == AppInstanceUser(cloud.users.arn("ada"), "Ada Lovelace", "")


def test_user_who_is_made_twice_with_the_same_data_is_one(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace")
    cloud.users.create("ada", "Ada Lovelace")

    first, second = (call["ClientRequestToken"] for call in cloud.parameters("CreateAppInstanceUser"))
    assert first == second


def test_user_who_is_made_again_under_another_name_exists(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace")

    with pytest.raises(UserExists):
        cloud.users.create("ada", "Ada Byron")


def test_user_who_was_never_made_is_missing(cloud: Cloud) -> None:
    with pytest.raises(UserMissing):
        cloud.users.describe("ada")


@pytest.mark.parametrize(("error", "status"), [("ForbiddenException", 403), ("NotFoundException", 404)])
def test_either_way_of_saying_so_means_a_missing_user(cloud: Cloud, error: str, status: int) -> None:
    cloud.fault("DescribeAppInstanceUser", error=error, status=status)

    with pytest.raises(UserMissing):
        cloud.users.describe("ada")


def test_renaming_keeps_the_metadata(cloud: Cloud) -> None:
    cloud.users.create("ada", "Ada Lovelace")
    user = AppInstanceUser(cloud.users.arn("ada"), "Ada Lovelace", "vip")

    cloud.users.rename(user, "Ada Byron")

    assert cloud.users.describe("ada") == AppInstanceUser(user.arn, "Ada Byron", "vip")


def test_session_is_named_tagged_and_as_long_as_set(cloud: Cloud) -> None:
    credentials = cloud.sessions.open(Session("ada", cloud.role_arn, 900))

    [parameters] = cloud.parameters("AssumeRole")
    assert parameters["RoleSessionName"] == "chime_ada"
    assert parameters["Tags"] == [{"Key": "UserUUID", "Value": "ada"}]
    assert parameters["DurationSeconds"] == 900
    assert "SourceIdentity" not in parameters
    assert credentials.expiration.tzinfo


def test_session_has_a_source_identity_if_that_is_switched_on(cloud: Cloud) -> None:
    RoleSessions(source_identity=True).open(Session("ada", cloud.role_arn, 900))

    [parameters] = cloud.parameters("AssumeRole")
    assert parameters["SourceIdentity"] == "chime_ada"


@pytest.mark.parametrize("adapter", ["users", "sessions"])
def test_connections_are_opened_without_a_call(cloud: Cloud, adapter: str) -> None:
    getattr(cloud, adapter).connect()

    assert not cloud.parameters("DescribeAppInstanceUser")
    assert not cloud.parameters("AssumeRole")


@pytest.mark.parametrize("adapter", ["users", "sessions"])
def test_connection_that_cannot_be_opened_is_left_to_the_first_call(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, adapter: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cloud.users = ChimeUsers(cloud.app_instance_arn)
    cloud.sessions = RoleSessions(source_identity=False)

    getattr(cloud, adapter).connect()


CALLS: dict[str, Callable[[Cloud], object]] = {
    "DescribeAppInstanceUser": lambda cloud: cloud.users.describe("ada"),
    "CreateAppInstanceUser": lambda cloud: cloud.users.create("ada", "Ada"),
    "UpdateAppInstanceUser": lambda cloud: cloud.users.rename(
        AppInstanceUser(cloud.users.arn("ada"), "Ada", ""), "Eve"
    ),
    "AssumeRole": lambda cloud: cloud.sessions.open(Session("ada", cloud.role_arn, 900)),
}


@pytest.mark.parametrize(
    ("operation", "error", "status", "meaning"),
    [
        *(
            (operation, error, status, meaning)
            for operation in ("DescribeAppInstanceUser", "CreateAppInstanceUser", "UpdateAppInstanceUser")
            for error, status, meaning in (
                ("ThrottledClientException", 429, Throttled),
                ("ServiceFailureException", 500, Unavailable),
                ("ServiceUnavailableException", 503, Unavailable),
                ("BadRequestException", 400, Rejected),
                ("UnauthorizedClientException", 401, Rejected),
            )
        ),
        ("CreateAppInstanceUser", "ForbiddenException", 403, Rejected),
        ("CreateAppInstanceUser", "ResourceLimitExceededException", 400, Rejected),
        ("CreateAppInstanceUser", "ConflictException", 409, UserExists),
        ("AssumeRole", "Throttling", 400, Throttled),
        ("AssumeRole", "AccessDenied", 403, Rejected),
        ("AssumeRole", "RegionDisabledException", 403, Rejected),
        ("AssumeRole", "PackedPolicyTooLarge", 400, Rejected),
        ("AssumeRole", "InternalFailure", 500, Unavailable),
    ],
)
def test_failure_of_aws_has_its_meaning(
    cloud: Cloud, operation: str, error: str, status: int, meaning: type[SigninError]
) -> None:
    cloud.fault(operation, error=error, status=status)

    with pytest.raises(SigninError) as caught:
        CALLS[operation](cloud)
    assert type(caught.value) is meaning
    assert caught.value.code == error.removesuffix("Exception")
    assert len(cloud.parameters(operation)) == 1


@pytest.mark.parametrize("operation", CALLS)
def test_service_that_is_not_there_is_unavailable(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cloud.users = ChimeUsers(cloud.app_instance_arn)
    cloud.sessions = RoleSessions(source_identity=False)

    with pytest.raises(Unavailable):
        CALLS[operation](cloud)


@pytest.mark.parametrize("operation", CALLS)
def test_service_that_hangs_is_unavailable(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    monkeypatch.setattr(aws, "READ_SECONDS", 0.2)
    cloud.users = ChimeUsers(cloud.app_instance_arn)
    cloud.sessions = RoleSessions(source_identity=False)
    cloud.fault(operation, delay_ms=2000)

    with pytest.raises(Unavailable, match="ReadTimeoutError"):
        CALLS[operation](cloud)


@pytest.mark.usefixtures("cloud")
def test_chime_is_asked_in_the_region_of_the_app_instance() -> None:
    elsewhere = client("chime-sdk-identity", "eu-central-1")
    arn = elsewhere.create_app_instance(Name="test", ClientRequestToken="test")["AppInstanceArn"]

    ChimeUsers(arn).create("ada", "Ada")

    assert ":eu-central-1:" in arn
    assert (
        elsewhere.describe_app_instance_user(AppInstanceUserArn=f"{arn}/user/ada")["AppInstanceUser"]["Name"] == "Ada"
    )
