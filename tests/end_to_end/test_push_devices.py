"""Users register their own devices for push notifications, and only for the application that the template names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import Client, aws

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = "arn:aws:mobiletargeting:us-east-1:123456789012:apps/0123456789abcdef"
PHONE = {
    "Name": "Phone",
    "Type": "GCM",
    "ResourceArn": APP,
    "EndpointAttributes": {"DeviceToken": "token of the device"},
    "ClientRequestToken": "phone",
}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(parameters={"PushNotificationsAppArn": APP}, log=logs.append)) as running:
        yield running


@pytest.fixture
def users(client: Client) -> dict[str, dict[str, Any]]:
    """What Ada and Bob get for signing in."""
    return {name: client.sign_in(client.token(sub=name)).body for name in ("ada", "bob")}


@pytest.fixture
def ada(stack: LocalStack, users: dict[str, dict[str, Any]]) -> Any:
    return aws(stack, "chime-sdk-identity", users["ada"]["ChimeCredentials"])


def test_user_has_their_own_devices(ada: Any, users: dict[str, dict[str, Any]]) -> None:
    me = {"AppInstanceUserArn": users["ada"]["ChimeAppInstanceUserArn"]}
    phone = {**me, "EndpointId": ada.register_app_instance_user_endpoint(**me, **PHONE)["EndpointId"]}
    ada.update_app_instance_user_endpoint(**phone, AllowMessages="NONE")
    described = ada.describe_app_instance_user_endpoint(**phone)["AppInstanceUserEndpoint"]
    assert (described["ResourceArn"], described["AllowMessages"]) == (APP, "NONE")
    ada.deregister_app_instance_user_endpoint(**phone)
    assert ada.list_app_instance_user_endpoints(**me)["AppInstanceUserEndpoints"] == []


@pytest.mark.parametrize(
    ("whose", "change"),
    [
        pytest.param("bob", {}, id="for another user"),
        pytest.param("ada", {"ResourceArn": f"{APP}0"}, id="for another application"),
    ],
)
def test_no_device_is_registered(
    whose: str, change: dict[str, str], ada: Any, users: dict[str, dict[str, Any]]
) -> None:
    with pytest.raises(ClientError) as caught:
        ada.register_app_instance_user_endpoint(
            AppInstanceUserArn=users[whose]["ChimeAppInstanceUserArn"], **(PHONE | change)
        )
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
