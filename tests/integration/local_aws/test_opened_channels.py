"""Channels that the stack's owner opens for users, at `POST /local/channels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_aws.messaging import contents, send

if TYPE_CHECKING:
    from tests.integration.conftest import Aws


@pytest.fixture
def asked(users: dict[str, str]) -> dict[str, Any]:
    return {"name": "Engines", "creator": users["ada"], "members": [users["bob"]]}


def test_creator_moderates_it_and_members_write_in_it(
    aws: Aws, messaging: Any, users: dict[str, str], asked: dict[str, Any]
) -> None:
    status, opened = aws.local("POST", "channels", asked)
    assert status == 200

    channel, ada, bob = opened["ChannelArn"], users["ada"], users["bob"]
    send(messaging, channel, bob)
    assert contents(messaging, channel, ada) == ["Hello, Bob"]
    shown = messaging.describe_channel(ChannelArn=channel, ChimeBearer=ada)["Channel"]
    assert (shown["Name"], shown["Privacy"], shown["CreatedBy"]["Arn"]) == ("Engines", "PRIVATE", ada)
    moderators = messaging.list_channel_moderators(ChannelArn=channel, ChimeBearer=ada)["ChannelModerators"]
    assert [moderator["Moderator"]["Arn"] for moderator in moderators] == [ada]


def test_each_request_opens_another_one(aws: Aws, asked: dict[str, Any]) -> None:
    opened = {aws.local("POST", "channels", asked)[1]["ChannelArn"] for _ in range(2)}
    assert len(opened) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"mode": "RESTRICTED"}, "body", id="an unknown field"),
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"name": " "}, "name", id="a blank name"),
        pytest.param({"name": 7}, "name", id="a number as the name"),
        pytest.param({"creator": "ada"}, "creator", id="an id as the creator"),
        pytest.param({"creator": None}, "creator", id="no creator"),
        pytest.param(
            {"creator": "arn:aws:chime:eu-west-9:123456789012:app-instance/a/user/ada"}, "creator", id="no such region"
        ),
        pytest.param({"members": "bob"}, "members", id="a text as the members"),
        pytest.param({"members": [7]}, "members", id="a number as a member"),
    ],
)
def test_wrong_field_is_named(aws: Aws, asked: dict[str, Any], change: dict[str, Any], field: str) -> None:
    status, error = aws.local("POST", "channels", asked | change)
    assert (status, error["error"], error["field"]) == (400, "bad_request", field)


def test_missing_field_is_a_bad_request(aws: Aws, asked: dict[str, Any]) -> None:
    del asked["members"]
    assert aws.local("POST", "channels", asked)[0] == 400


@pytest.mark.parametrize("role", ["creator", "members"])
def test_user_who_does_not_exist_opens_none(aws: Aws, users: dict[str, str], asked: dict[str, Any], role: str) -> None:
    nobody = users["nobody"]
    status, error = aws.local("POST", "channels", asked | {role: nobody if role == "creator" else [nobody]})
    assert (status, error["message"]) == (400, "creator and members have to be users of one AppInstance")
