"""Chime SDK messaging through boto3: the session endpoint, who may read and join, and what is not implemented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError

from local.chime import register
from tests.integration.local_aws.messaging import MESSAGE, contents, create, send

if TYPE_CHECKING:
    from tests.integration.conftest import Aws


def test_endpoint_is_the_address_that_was_called(aws: Aws, messaging: Any) -> None:
    assert messaging.get_messaging_session_endpoint()["Endpoint"]["Url"] == aws.url.removeprefix("http://")


def test_region_without_the_service_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region, not 'eu-west-1'"):
        aws.client("chime-sdk-messaging", region="eu-west-1").get_messaging_session_endpoint()


def test_creator_writes_at_once(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    channel = create(messaging, app_instance, users["ada"])
    assert send(messaging, channel, users["ada"])["Status"] == {"Value": "SENT"}


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
    channel = create(messaging, app_instance, users["ada"], Privacy="PUBLIC", ModeratorArns=[users["bob"]])
    assert contents(messaging, channel, users["carol"]) == []
    for outsider in ("carol", "bob", "eve"):  # moderators and administrators too have to join first
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
    ("operation", "more"),
    [
        pytest.param("list_sub_channels", {}, id="another operation"),
        pytest.param("send_channel_message", {**MESSAGE, "SubChannelId": "one"}, id="a part of a channel"),
    ],
)
def test_what_is_not_implemented_gets_501(
    operation: str, more: dict[str, Any], messaging: Any, users: dict[str, str], channel: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(messaging, operation)(ChannelArn=channel, ChimeBearer=users["ada"], **more)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


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
