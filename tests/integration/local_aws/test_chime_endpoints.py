"""Endpoints for push notifications through boto3: the devices of AppInstanceUsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

APP = "arn:aws:mobiletargeting:us-east-1:123456789012:apps/0123456789abcdef"
PHONE: dict[str, Any] = {
    "Name": "Phone",
    "Type": "APNS",
    "ResourceArn": APP,
    "EndpointAttributes": {"DeviceToken": "token of the device", "VoipDeviceToken": "token for calls"},
}


@pytest.fixture
def ada(chime: Any, app_instance: str) -> str:
    """A user's ARN."""
    created = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="ada", Name="Ada")
    return str(created["AppInstanceUserArn"])


def register(chime: Any, user: str, **change: Any) -> str:
    answer = chime.register_app_instance_user_endpoint(AppInstanceUserArn=user, **(PHONE | change))
    assert answer["AppInstanceUserArn"] == user
    return str(answer["EndpointId"])


def describe(chime: Any, user: str, endpoint: str) -> Any:
    return chime.describe_app_instance_user_endpoint(AppInstanceUserArn=user, EndpointId=endpoint)[
        "AppInstanceUserEndpoint"
    ]


def listed(chime: Any, user: str, **page: Any) -> list[str]:
    answer = chime.list_app_instance_user_endpoints(AppInstanceUserArn=user, **page)
    return [endpoint["EndpointId"] for endpoint in answer["AppInstanceUserEndpoints"]]


def test_endpoint_is_described_as_registered(chime: Any, ada: str) -> None:
    endpoint = register(chime, ada)
    described = describe(chime, ada, endpoint)
    assert {name: described[name] for name in PHONE} == PHONE
    assert (described["AppInstanceUserArn"], described["EndpointId"]) == (ada, endpoint)
    assert (described["AllowMessages"], described["EndpointState"]) == ("ALL", {"Status": "ACTIVE"})
    assert described["CreatedTimestamp"] == described["LastUpdatedTimestamp"]


def test_list_has_no_device_tokens(chime: Any, ada: str) -> None:
    register(chime, ada)
    [endpoint] = chime.list_app_instance_user_endpoints(AppInstanceUserArn=ada)["AppInstanceUserEndpoints"]
    assert (endpoint["Name"], endpoint["Type"], endpoint["AllowMessages"]) == ("Phone", "APNS", "ALL")
    assert "EndpointAttributes" not in endpoint


def test_lists_come_in_pages(chime: Any, ada: str) -> None:
    endpoints = [register(chime, ada) for _ in range(3)]
    first = chime.list_app_instance_user_endpoints(AppInstanceUserArn=ada, MaxResults=2)
    assert [one["EndpointId"] for one in first["AppInstanceUserEndpoints"]] == endpoints[:2]
    assert listed(chime, ada, NextToken=first["NextToken"]) == endpoints[2:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"AllowMessages": "NONE"}, ("Phone", "NONE"), id="messages off"),
        pytest.param({"Name": "Tablet"}, ("Tablet", "ALL"), id="another name"),
        pytest.param({}, ("Phone", "ALL"), id="nothing"),
    ],
)
def test_update_changes_what_is_given(change: dict[str, str], expected: tuple[str, str], chime: Any, ada: str) -> None:
    endpoint = register(chime, ada)
    chime.update_app_instance_user_endpoint(AppInstanceUserArn=ada, EndpointId=endpoint, **change)
    described = describe(chime, ada, endpoint)
    assert (described["Name"], described["AllowMessages"]) == expected


def test_deregistered_endpoint_is_gone(chime: Any, ada: str) -> None:
    phone, tablet = register(chime, ada), register(chime, ada, Name="Tablet")
    chime.deregister_app_instance_user_endpoint(AppInstanceUserArn=ada, EndpointId=phone)
    assert listed(chime, ada) == [tablet]
    with pytest.raises(chime.exceptions.ForbiddenException):
        describe(chime, ada, phone)


def test_one_token_registers_one_endpoint(chime: Any, ada: str) -> None:
    assert register(chime, ada, ClientRequestToken="token") == register(chime, ada, ClientRequestToken="token")
    assert len(listed(chime, ada)) == 1
    with pytest.raises(chime.exceptions.ConflictException):
        register(chime, ada, ClientRequestToken="token", Name="Tablet")


def test_eleventh_endpoint_is_refused(chime: Any, ada: str) -> None:
    for _ in range(10):
        register(chime, ada)
    with pytest.raises(chime.exceptions.ResourceLimitExceededException):
        register(chime, ada)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Type": "ADM"}, id="a type that is none of the three"),
        pytest.param({"EndpointAttributes": {"DeviceToken": "t" * 1601}}, id="a token that is too long"),
        pytest.param({"AllowMessages": "SOME"}, id="messages neither all nor none"),
        pytest.param({"ResourceArn": "an application"}, id="an application without an ARN"),
    ],
)
def test_bad_request_for(change: dict[str, Any], chime: Any, ada: str) -> None:
    with pytest.raises(chime.exceptions.BadRequestException):
        register(chime, ada, **change)


@pytest.mark.parametrize("operation", ["describe", "update", "deregister"])
def test_endpoint_of_another_user_is_forbidden(operation: str, chime: Any, app_instance: str, ada: str) -> None:
    bob = chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="bob", Name="Bob")
    endpoint = register(chime, ada)
    call = getattr(chime, f"{operation}_app_instance_user_endpoint")
    with pytest.raises(chime.exceptions.ForbiddenException):
        call(AppInstanceUserArn=bob["AppInstanceUserArn"], EndpointId=endpoint)
    assert listed(chime, ada) == [endpoint]


def test_missing_user_is_forbidden(chime: Any, app_instance: str) -> None:
    with pytest.raises(chime.exceptions.ForbiddenException):
        register(chime, f"{app_instance}/user/nobody")


@pytest.mark.parametrize(
    ("actions", "missing"),
    [
        pytest.param(["chime:RegisterAppInstanceUserEndpoint"], "mobiletargeting:GetApp", id="the application"),
        pytest.param(["mobiletargeting:GetApp"], "chime:RegisterAppInstanceUserEndpoint", id="the user"),
        pytest.param(["chime:RegisterAppInstanceUserEndpoint", "mobiletargeting:GetApp"], None, id="nothing"),
    ],
)
def test_registering_without_permission_for(
    actions: list[str], missing: str | None, aws: Aws, chime: Any, ada: str
) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": [ada, APP]}
    aws.role("phone", statement)
    client = aws.as_role("phone", "chime-sdk-identity")
    if missing is None:
        assert register(client, ada) in listed(chime, ada)
        return
    with pytest.raises(client.exceptions.ClientError, match=missing):
        register(client, ada)
