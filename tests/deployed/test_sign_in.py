"""What a deployed stack gives to a user, and what that user may do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.deployed.conftest import SignedIn

DENIED = {"AccessDenied", "AccessDeniedException", "Forbidden", "ForbiddenException"}
FIELDS = {
    "ChimeAppInstanceUserArn",
    "ChimeUserId",
    "ChimeCredentials",
    "ChimeDisplayName",
    "ChimeAppInstanceArn",
    "ChimeRegion",
    "ExpiresIn",
    "RefreshAfter",
}


def test_answer_has_all_that_clients_need(signed_in: SignedIn) -> None:
    assert signed_in.body.keys() >= FIELDS
    assert signed_in.headers["Cache-Control"] == "no-store"
    assert signed_in.arn == f"{signed_in.body['ChimeAppInstanceArn']}/user/{signed_in.body['ChimeUserId']}"


def test_credentials_live_between_a_quarter_and_an_hour(signed_in: SignedIn) -> None:
    ends = datetime.fromisoformat(signed_in.body["ChimeCredentials"]["Expiration"])

    assert timedelta(minutes=10) < ends - datetime.now(UTC) < timedelta(minutes=65)
    assert datetime.fromisoformat(signed_in.body["RefreshAfter"]) < ends


def test_credentials_are_of_a_session_that_is_named_after_the_user(signed_in: SignedIn) -> None:
    identity = signed_in.client("sts").get_caller_identity()

    assert ":assumed-role/" in identity["Arn"]
    assert identity["Arn"].endswith(f"/chime_{signed_in.body['ChimeUserId']}")


def test_user_is_there_under_the_name_that_was_answered(signed_in: SignedIn, operator: Any) -> None:
    user = operator.describe_app_instance_user(AppInstanceUserArn=signed_in.arn)["AppInstanceUser"]

    assert user["Name"] == signed_in.body["ChimeDisplayName"]


def test_user_may_act_as_themselves(signed_in: SignedIn) -> None:
    chime = signed_in.client("chime-sdk-identity")

    user = chime.describe_app_instance_user(AppInstanceUserArn=signed_in.arn)["AppInstanceUser"]

    assert user["AppInstanceUserArn"] == signed_in.arn


def test_user_may_not_act_as_somebody_else(signed_in: SignedIn, somebody_else: str, operator: Any) -> None:
    # Chime says Forbidden of a user who is missing as well: this one is there.
    assert operator.describe_app_instance_user(AppInstanceUserArn=somebody_else)

    with pytest.raises(ClientError) as refused:
        signed_in.client("chime-sdk-identity").describe_app_instance_user(AppInstanceUserArn=somebody_else)
    assert refused.value.response["Error"]["Code"] in DENIED


def test_user_may_not_delete_somebody_else(signed_in: SignedIn, somebody_else: str, operator: Any) -> None:
    with pytest.raises(ClientError) as refused:
        signed_in.client("chime-sdk-identity").delete_app_instance_user(AppInstanceUserArn=somebody_else)
    assert refused.value.response["Error"]["Code"] in DENIED
    assert operator.describe_app_instance_user(AppInstanceUserArn=somebody_else)


def test_refreshing_is_the_same_call_again(signed_in: SignedIn, signin_url: str, token: str) -> None:
    address = f"{signin_url.removesuffix('/signin')}/creds"
    answer = urllib3.request("POST", address, headers={"Authorization": f"Bearer {token}"}, retries=False, timeout=30)

    again = answer.json()
    assert again["ChimeUserId"] == signed_in.body["ChimeUserId"]
    assert again["ChimeCredentials"]["AccessKeyId"] != signed_in.body["ChimeCredentials"]["AccessKeyId"]
