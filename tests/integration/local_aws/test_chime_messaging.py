"""Chime SDK messaging through boto3: channels, their members and messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError

from local.chime import register

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

MESSAGE = {"Content": "Hello, Bob", "Type": "STANDARD", "Persistence": "PERSISTENT"}


@pytest.fixture
def messaging(aws: Aws) -> Any:
    return aws.client("chime-sdk-messaging")


@pytest.fixture
def users(chime: Any, app_instance: str) -> dict[str, str]:
    """ARNs by id; eve is an administrator, nobody does not exist."""
    for name in ("ada", "bob", "carol", "eve"):
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=name, Name=name.title())
    arns = {name: f"{app_instance}/user/{name}" for name in ("ada", "bob", "carol", "eve", "nobody")}
    chime.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=arns["eve"])
    return arns


@pytest.fixture
def channel(messaging: Any, app_instance: str, users: dict[str, str]) -> str:
    """The ARN of a private channel: Ada is its moderator, Ada and Bob are its members."""
    return create(messaging, app_instance, users["ada"], MemberArns=[users["ada"], users["bob"]])


def create(messaging: Any, app_instance: str, bearer: str, **more: Any) -> str:
    return str(
        messaging.create_channel(AppInstanceArn=app_instance, Name="Engines", ChimeBearer=bearer, **more)["ChannelArn"]
    )


def send(messaging: Any, channel: str, bearer: str, **more: Any) -> Any:
    return messaging.send_channel_message(ChannelArn=channel, ChimeBearer=bearer, **{**MESSAGE, **more})


def contents(messaging: Any, channel: str, bearer: str, **more: Any) -> list[str]:
    listed = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=bearer, **more)
    return [message["Content"] for message in listed["ChannelMessages"]]


def test_endpoint_is_the_address_that_was_called(aws: Aws, messaging: Any) -> None:
    assert messaging.get_messaging_session_endpoint()["Endpoint"]["Url"] == aws.url.removeprefix("http://")


def test_region_without_the_service_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region, not 'eu-west-1'"):
        aws.client("chime-sdk-messaging", region="eu-west-1").get_messaging_session_endpoint()


def test_channel_is_described_as_created(
    messaging: Any, app_instance: str, users: dict[str, str], channel: str
) -> None:
    described = messaging.describe_channel(ChannelArn=channel, ChimeBearer=users["ada"])["Channel"]
    assert described["ChannelArn"].startswith(f"{app_instance}/channel/")
    assert (described["Name"], described["Mode"], described["Privacy"]) == ("Engines", "RESTRICTED", "PRIVATE")
    assert described["CreatedBy"] == {"Arn": users["ada"], "Name": "Ada"}
    assert "LastMessageTimestamp" not in described


def test_message_is_listed_as_sent(messaging: Any, users: dict[str, str], channel: str) -> None:
    sent = send(messaging, channel, users["ada"], Metadata="m")
    assert sent["Status"] == {"Value": "SENT"}
    listed = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=users["bob"])["ChannelMessages"]
    assert [(one["MessageId"], one["Content"], one["Metadata"]) for one in listed] == [
        (sent["MessageId"], "Hello, Bob", "m")
    ]
    assert listed[0]["Sender"] == {"Arn": users["ada"], "Name": "Ada"}
    described = messaging.describe_channel(ChannelArn=channel, ChimeBearer=users["ada"])["Channel"]
    assert described["LastMessageTimestamp"] == listed[0]["CreatedTimestamp"]


def test_messages_come_newest_first_a_page_at_a_time(messaging: Any, users: dict[str, str], channel: str) -> None:
    for content in ("one", "two", "three"):
        send(messaging, channel, users["ada"], Content=content)
    assert contents(messaging, channel, users["bob"]) == ["three", "two", "one"]
    assert contents(messaging, channel, users["bob"], SortOrder="ASCENDING", MaxResults=2) == ["one", "two"]
    first = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=users["bob"], MaxResults=2)
    assert contents(messaging, channel, users["bob"], NextToken=first["NextToken"]) == ["one"]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param({"NotBefore": timedelta(hours=-1)}, ["Hello, Bob"], id="since an hour ago"),
        pytest.param({"NotBefore": timedelta(hours=1)}, [], id="from in an hour"),
        pytest.param({"NotAfter": timedelta(hours=1)}, ["Hello, Bob"], id="until in an hour"),
        pytest.param({"NotAfter": timedelta(hours=-1)}, [], id="until an hour ago"),
    ],
)
def test_messages_are_listed_by_time(
    limit: dict[str, timedelta], expected: list[str], messaging: Any, users: dict[str, str], channel: str
) -> None:
    send(messaging, channel, users["ada"])
    times = {name: datetime.now(UTC) + offset for name, offset in limit.items()}
    assert contents(messaging, channel, users["bob"], **times) == expected


def test_message_that_is_not_persistent_is_not_listed(messaging: Any, users: dict[str, str], channel: str) -> None:
    send(messaging, channel, users["ada"], Persistence="NON_PERSISTENT")
    assert contents(messaging, channel, users["bob"]) == []


def test_one_token_sends_once(messaging: Any, users: dict[str, str], channel: str) -> None:
    sent = {send(messaging, channel, users["ada"], ClientRequestToken="token")["MessageId"] for _ in range(2)}
    assert len(sent) == 1
    assert contents(messaging, channel, users["bob"]) == ["Hello, Bob"]


def test_one_token_makes_one_channel(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    arns = {create(messaging, app_instance, users["ada"], ClientRequestToken="token") for _ in range(2)}
    assert len(arns) == 1
    assert create(messaging, app_instance, users["bob"], ClientRequestToken="token") not in arns


def test_taken_channel_id(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    assert create(messaging, app_instance, users["ada"], ChannelId="x").endswith("/channel/x")
    with pytest.raises(messaging.exceptions.ConflictException):
        create(messaging, app_instance, users["ada"], ChannelId="x")


def test_users_list_their_own_memberships(messaging: Any, users: dict[str, str], channel: str) -> None:
    def memberships(bearer: str, **more: str) -> list[str]:
        listed = messaging.list_channel_memberships_for_app_instance_user(ChimeBearer=users[bearer], **more)
        return [one["ChannelSummary"]["ChannelArn"] for one in listed["ChannelMemberships"]]

    assert memberships("bob") == [channel]
    assert memberships("carol") == []
    assert memberships("eve", AppInstanceUserArn=users["bob"]) == [channel]
    with pytest.raises(messaging.exceptions.ForbiddenException):
        memberships("carol", AppInstanceUserArn=users["bob"])


@pytest.mark.parametrize("bearer", ["ada", "bob", "eve"], ids=["its moderator", "a member", "an administrator"])
def test_private_channel_is_read_by(bearer: str, messaging: Any, users: dict[str, str], channel: str) -> None:
    about = {"ChannelArn": channel, "ChimeBearer": users[bearer]}
    assert messaging.describe_channel(**about)["Channel"]["Name"] == "Engines"
    assert messaging.list_channel_messages(**about)["ChannelMessages"] == []


@pytest.mark.parametrize("bearer", ["carol", "nobody"], ids=["a stranger", "nobody"])
@pytest.mark.parametrize("operation", ["describe_channel", "list_channel_messages"])
def test_private_channel_is_forbidden_to(
    operation: str, bearer: str, messaging: Any, users: dict[str, str], channel: str
) -> None:
    with pytest.raises(messaging.exceptions.ForbiddenException):
        getattr(messaging, operation)(ChannelArn=channel, ChimeBearer=users[bearer])


def test_public_channel_is_read_by_all_users_and_written_by_members(
    messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    channel = create(messaging, app_instance, users["ada"], Privacy="PUBLIC")
    assert contents(messaging, channel, users["carol"]) == []
    for outsider in ("carol", "ada", "eve"):  # moderators and administrators too have to join first
        with pytest.raises(messaging.exceptions.ForbiddenException):
            send(messaging, channel, users[outsider])


def join(messaging: Any, channel: str, member: str, bearer: str) -> Any:
    return messaging.create_channel_membership(ChannelArn=channel, MemberArn=member, Type="DEFAULT", ChimeBearer=bearer)


@pytest.mark.parametrize(
    ("bearer", "mode"),
    [
        pytest.param("ada", "RESTRICTED", id="its moderator"),
        pytest.param("eve", "RESTRICTED", id="an administrator"),
        pytest.param("bob", "UNRESTRICTED", id="a member of an unrestricted one"),
    ],
)
def test_members_are_added_by(bearer: str, mode: str, messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    channel = create(messaging, app_instance, users["ada"], Mode=mode, MemberArns=[users["bob"]])
    joined = join(messaging, channel, users["carol"], users[bearer])
    assert joined["Member"] == {"Arn": users["carol"], "Name": "Carol"}
    send(messaging, channel, users["carol"])
    with pytest.raises(messaging.exceptions.ConflictException):
        join(messaging, channel, users["carol"], users[bearer])


@pytest.mark.parametrize(
    ("bearer", "mode"),
    [
        pytest.param("bob", "RESTRICTED", id="a member"),
        pytest.param("carol", "UNRESTRICTED", id="a stranger"),
    ],
)
def test_members_are_not_added_by(
    bearer: str, mode: str, messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    channel = create(messaging, app_instance, users["ada"], Mode=mode, MemberArns=[users["bob"]])
    with pytest.raises(messaging.exceptions.ForbiddenException):
        join(messaging, channel, users["carol"], users[bearer])


def test_administrator_of_another_app_instance_has_no_rights_here(
    chime: Any, messaging: Any, users: dict[str, str], channel: str
) -> None:
    other = chime.create_app_instance(Name="Other")["AppInstanceArn"]
    boss = chime.create_app_instance_user(AppInstanceArn=other, AppInstanceUserId="boss", Name="Boss")
    chime.create_app_instance_admin(AppInstanceArn=other, AppInstanceAdminArn=boss["AppInstanceUserArn"])
    about = {"ChannelArn": channel, "ChimeBearer": boss["AppInstanceUserArn"]}
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.list_channel_messages(**about)
    with pytest.raises(messaging.exceptions.ForbiddenException):
        join(messaging, channel, users["carol"], boss["AppInstanceUserArn"])


def test_channel_that_does_not_exist(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    channel = f"{app_instance}/channel/none"
    with pytest.raises(messaging.exceptions.NotFoundException):
        join(messaging, channel, users["bob"], users["ada"])
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.describe_channel(ChannelArn=channel, ChimeBearer=users["ada"])
    with pytest.raises(messaging.exceptions.ForbiddenException):
        send(messaging, channel, users["ada"])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Content": ""}, id="no content"),
        pytest.param({"Type": "SHOUT"}, id="an unknown type"),
        pytest.param({"Persistence": None}, id="no persistence"),
    ],
)
def test_message_is_refused_for(change: dict[str, Any], messaging: Any, users: dict[str, str], channel: str) -> None:
    with pytest.raises(messaging.exceptions.BadRequestException):
        send(messaging, channel, users["ada"], **change)


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        pytest.param("delete_channel", {}, id="another operation"),
        pytest.param("send_channel_message", {**MESSAGE, "SubChannelId": "one"}, id="a part of a channel"),
    ],
)
def test_what_is_not_implemented_gets_501(
    operation: str, more: dict[str, Any], messaging: Any, users: dict[str, str], channel: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(messaging, operation)(ChannelArn=channel, ChimeBearer=users["ada"], **more)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_identity_and_messaging_are_told_apart_by_path(aws: Aws, app_instance: str) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("chime-sdk-messaging").list_channels(
            AppInstanceArn=app_instance, ChimeBearer=f"{app_instance}/user/ada"
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    called = [call["operation"] for call in aws.local("GET", "calls")[1]]
    assert called[-1] == "ListChannels"


def test_fault_is_modelled(aws: Aws, messaging: Any) -> None:
    fault = {"operation": "GetMessagingSessionEndpoint", "error": "ThrottledClientException"}
    assert aws.local("POST", "faults", fault)[0] == 200
    with pytest.raises(messaging.exceptions.ThrottledClientException) as failed:
        messaging.get_messaging_session_endpoint()
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_endpoint_under_mock_aws_never_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    register()
    with moto.mock_aws():
        messaging: Any = boto3.client("chime-sdk-messaging", region_name="us-east-1")
        assert messaging.get_messaging_session_endpoint()["Endpoint"]["Url"].endswith(".invalid")
