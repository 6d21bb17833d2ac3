"""Messages of Chime SDK messaging through boto3: sending and listing them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.local_aws.messaging import contents, send


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
