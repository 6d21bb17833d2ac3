"""Chime SDK messaging through boto3: where a session connects, and no pretence of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError

from local.aws import services

if TYPE_CHECKING:
    from tests.integration.conftest import Aws


def test_endpoint_is_one_that_nobody_is_behind(aws: Aws) -> None:
    endpoint = aws.client("chime-sdk-messaging").get_messaging_session_endpoint()["Endpoint"]
    assert endpoint["Url"].endswith(".invalid")


def test_region_without_the_service_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region, not 'eu-west-1'"):
        aws.client("chime-sdk-messaging", region="eu-west-1").get_messaging_session_endpoint()


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("send_channel_message", {"Content": "hello", "Type": "STANDARD"}, id="sending"),
        pytest.param("list_channel_messages", {}, id="listing"),
        pytest.param("describe_channel", {}, id="describing"),
    ],
)
def test_nothing_else_is_pretended(operation: str, parameters: dict[str, Any], aws: Aws, app_instance: str) -> None:
    about = {"ChannelArn": f"{app_instance}/channel/general", "ChimeBearer": f"{app_instance}/user/ada"}
    with pytest.raises(ClientError) as refused:
        getattr(aws.client("chime-sdk-messaging"), operation)(**about, **parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_identity_and_messaging_are_told_apart_by_path(aws: Aws, app_instance: str) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("chime-sdk-messaging").list_channels(
            AppInstanceArn=app_instance, ChimeBearer=f"{app_instance}/user/ada"
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    called = [call["operation"] for call in aws.local("GET", "calls")[1]]
    assert called[-1] == "ListChannels"


def test_fault_is_modelled(aws: Aws) -> None:
    messaging = aws.client("chime-sdk-messaging")
    fault = {"operation": "GetMessagingSessionEndpoint", "error": "ThrottledClientException"}
    assert aws.local("POST", "faults", fault)[0] == 200
    with pytest.raises(messaging.exceptions.ThrottledClientException) as failed:
        messaging.get_messaging_session_endpoint()
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_the_service_works_under_mock_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    services.register()
    with moto.mock_aws():
        messaging: Any = boto3.client("chime-sdk-messaging", region_name="us-east-1")
        assert messaging.get_messaging_session_endpoint()["Endpoint"]["Url"]
