"""Messages of Chime SDK messaging through boto3: sending, reading, changing and removing them."""

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


def attributes(name: str, value: str) -> dict[str, Any]:
    return {"MessageAttributes": {name: {"StringValues": [value]}}}


CONTROL = {"Type": "CONTROL", "Content": "P|Auto|Online"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Content": ""}, id="no content"),
        pytest.param({"Type": "SHOUT"}, id="an unknown type"),
        pytest.param({"Persistence": None}, id="no persistence"),
        pytest.param({"Content": "x" * 4097}, id="content over 4 KB"),
        pytest.param({"Content": "ü" * 2049}, id="content over 4 KB in UTF-8"),
        pytest.param({**CONTROL, "Content": "x" * 31}, id="a control message over 30 bytes"),
        pytest.param({**CONTROL, "Metadata": "m"}, id="a control message with metadata"),
        pytest.param({"Metadata": "m" * 1025}, id="metadata that is too long"),
        pytest.param(attributes("a" * 65, "v"), id="a name of an attribute that is too long"),
        pytest.param(attributes("name", "v" * 513), id="a value of an attribute that is too long"),
        pytest.param(
            {"MessageAttributes": {"name": {"StringValues": ["v" * 340] * 3 + ["x"]}}}, id="attributes over 1 KB"
        ),
        pytest.param({"PushNotification": {"Title": "t" * 51}}, id="a title of a notification that is too long"),
        pytest.param(
            {"Target": [{"MemberArn": "arn:aws:chime:us-east-1:1:nobody"}]}, id="a target outside the channel"
        ),
    ],
)
def test_message_is_refused_for(change: dict[str, Any], messaging: Any, users: dict[str, str], channel: str) -> None:
    with pytest.raises(messaging.exceptions.BadRequestException):
        send(messaging, channel, users["ada"], **change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Content": "x" * 4096}, id="content of 4 KB"),
        pytest.param({**CONTROL, "Content": "x" * 30}, id="a control message of 30 bytes"),
        pytest.param({"Metadata": "m" * 1024}, id="metadata of 1,024 characters"),
        pytest.param({"MessageAttributes": {"name": {"StringValues": ["v" * 340] * 3}}}, id="attributes of 1 KB"),
        pytest.param({"PushNotification": {"Title": "t", "Body": "b", "Type": "VOIP"}}, id="a notification"),
    ],
)
def test_message_is_accepted_with(change: dict[str, Any], messaging: Any, users: dict[str, str], channel: str) -> None:
    assert (
        send(messaging, channel, users["ada"], **change)["MessageId"] == listed(messaging, channel, users)["MessageId"]
    )


def listed(messaging: Any, channel: str, users: dict[str, str]) -> Any:
    """Return the newest message, as Bob has it."""
    return messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=users["bob"])["ChannelMessages"][0]


def test_message_that_arrives_meanwhile_moves_none_to_another_page(
    messaging: Any, users: dict[str, str], channel: str
) -> None:
    for content in ("one", "two", "three"):
        send(messaging, channel, users["ada"], Content=content)
    first = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=users["bob"], MaxResults=2)
    send(messaging, channel, users["ada"], Content="four")
    assert contents(messaging, channel, users["bob"], NextToken=first["NextToken"]) == ["one"]


def test_last_page_has_no_token(messaging: Any, users: dict[str, str], channel: str) -> None:
    for content in ("one", "two"):
        send(messaging, channel, users["ada"], Content=content)
    page = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=users["bob"], MaxResults=2)
    assert "NextToken" not in page


@pytest.fixture
def hers(messaging: Any, users: dict[str, str], channel: str) -> dict[str, str]:
    """A message of Ada's in the channel, as parameters."""
    sent = send(
        messaging, channel, users["ada"], Metadata="m", ContentType="text/plain", **attributes("mention", "Bob")
    )
    return {"ChannelArn": channel, "MessageId": sent["MessageId"]}


def test_message_is_got_as_sent(messaging: Any, users: dict[str, str], hers: dict[str, str]) -> None:
    got = messaging.get_channel_message(**hers, ChimeBearer=users["bob"])["ChannelMessage"]
    assert {name: got[name] for name in hers} == hers
    assert (got["Content"], got["Metadata"], got["ContentType"]) == ("Hello, Bob", "m", "text/plain")
    assert (got["Type"], got["Persistence"], got["Redacted"]) == ("STANDARD", "PERSISTENT", False)
    assert (got["Status"], got["MessageAttributes"]) == ({"Value": "SENT"}, {"mention": {"StringValues": ["Bob"]}})
    assert got["CreatedTimestamp"] == got["LastUpdatedTimestamp"]
    assert "LastEditedTimestamp" not in got


def test_edited_message_is_read_as_edited(messaging: Any, users: dict[str, str], hers: dict[str, str]) -> None:
    answer = messaging.update_channel_message(**hers, Content="Good day", Metadata="n", ChimeBearer=users["ada"])
    assert {name: answer[name] for name in hers} == hers
    assert answer["Status"] == {"Value": "SENT"}
    got = messaging.get_channel_message(**hers, ChimeBearer=users["bob"])["ChannelMessage"]
    assert (got["Content"], got["Metadata"], got["Redacted"]) == ("Good day", "n", False)
    assert got["CreatedTimestamp"] <= got["LastEditedTimestamp"] == got["LastUpdatedTimestamp"]


def test_metadata_that_an_edit_does_not_repeat_is_lost(
    messaging: Any, users: dict[str, str], hers: dict[str, str]
) -> None:
    messaging.update_channel_message(**hers, Content="Good day", ChimeBearer=users["ada"])
    assert "Metadata" not in messaging.get_channel_message(**hers, ChimeBearer=users["bob"])["ChannelMessage"]


def test_edit_is_refused_over_4_kb(messaging: Any, users: dict[str, str], hers: dict[str, str]) -> None:
    with pytest.raises(messaging.exceptions.BadRequestException):
        messaging.update_channel_message(**hers, Content="x" * 4097, ChimeBearer=users["ada"])


def test_redacted_message_is_there_without_content(
    messaging: Any, users: dict[str, str], channel: str, hers: dict[str, str]
) -> None:
    answer = messaging.redact_channel_message(**hers, ChimeBearer=users["ada"])
    assert {name: answer[name] for name in hers} == hers
    for got in (
        messaging.get_channel_message(**hers, ChimeBearer=users["bob"])["ChannelMessage"],
        listed(messaging, channel, users),
    ):
        assert (got["MessageId"], got["Redacted"]) == (hers["MessageId"], True)
        assert not {"Content", "Metadata", "ContentType", "MessageAttributes"} & set(got)


def test_message_is_redacted_twice_with_one_effect(
    messaging: Any, users: dict[str, str], channel: str, hers: dict[str, str]
) -> None:
    messaging.redact_channel_message(**hers, ChimeBearer=users["ada"])
    first = listed(messaging, channel, users)
    messaging.redact_channel_message(**hers, ChimeBearer=users["ada"])
    assert listed(messaging, channel, users) == first


def test_redacted_message_is_not_edited(messaging: Any, users: dict[str, str], hers: dict[str, str]) -> None:
    messaging.redact_channel_message(**hers, ChimeBearer=users["ada"])
    with pytest.raises(messaging.exceptions.ConflictException):
        messaging.update_channel_message(**hers, Content="Good day", ChimeBearer=users["ada"])


def test_deleted_message_is_gone(messaging: Any, users: dict[str, str], channel: str, hers: dict[str, str]) -> None:
    messaging.delete_channel_message(**hers, ChimeBearer=users["eve"])
    assert contents(messaging, channel, users["bob"]) == []
    with pytest.raises(messaging.exceptions.NotFoundException):
        messaging.get_channel_message(**hers, ChimeBearer=users["bob"])


def test_status_of_a_message_is_for_its_sender(messaging: Any, users: dict[str, str], hers: dict[str, str]) -> None:
    assert messaging.get_channel_message_status(**hers, ChimeBearer=users["ada"])["Status"] == {"Value": "SENT"}
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.get_channel_message_status(**hers, ChimeBearer=users["bob"])


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        pytest.param("get_channel_message", "NotFoundException", id="reading"),
        pytest.param("get_channel_message_status", "ForbiddenException", id="asking for its status"),
        pytest.param("redact_channel_message", "ForbiddenException", id="redacting"),
        pytest.param("delete_channel_message", "ForbiddenException", id="deleting"),
    ],
)
def test_missing_message_gives_the_error_of_the_model_to(
    operation: str, error: str, messaging: Any, users: dict[str, str], channel: str
) -> None:
    with pytest.raises(messaging.exceptions.ClientError) as caught:
        getattr(messaging, operation)(ChannelArn=channel, MessageId="0" * 64, ChimeBearer=users["eve"])
    assert caught.value.response["Error"]["Code"] == error


def test_one_token_that_is_repeated_after_a_deletion_sends_nothing(
    messaging: Any, users: dict[str, str], channel: str
) -> None:
    sent = send(messaging, channel, users["ada"], ClientRequestToken="token")["MessageId"]
    messaging.delete_channel_message(ChannelArn=channel, MessageId=sent, ChimeBearer=users["eve"])
    assert send(messaging, channel, users["ada"], ClientRequestToken="token")["MessageId"] == sent
    assert contents(messaging, channel, users["bob"]) == []


# ── Targets ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def whispered(messaging: Any, users: dict[str, str], channel: str) -> dict[str, str]:
    """A message from Ada to Bob, whom Carol hears not, as parameters."""
    messaging.create_channel_membership(
        ChannelArn=channel, MemberArn=users["carol"], Type="DEFAULT", ChimeBearer=users["ada"]
    )
    sent = send(messaging, channel, users["ada"], Target=[{"MemberArn": users["bob"]}])
    return {"ChannelArn": channel, "MessageId": sent["MessageId"]}


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        pytest.param("ada", ["Hello, Bob"], id="its sender"),
        pytest.param("bob", ["Hello, Bob"], id="its target"),
        pytest.param("carol", [], id="another member"),
        pytest.param("eve", [], id="an administrator"),
    ],
)
def test_message_with_a_target_is_seen_by(
    reader: str, expected: list[str], messaging: Any, users: dict[str, str], whispered: dict[str, str]
) -> None:
    assert contents(messaging, whispered["ChannelArn"], users[reader]) == expected
    if expected:
        messaging.get_channel_message(**whispered, ChimeBearer=users[reader])
        return
    with pytest.raises(messaging.exceptions.NotFoundException):
        messaging.get_channel_message(**whispered, ChimeBearer=users[reader])


def test_administrator_deletes_a_message_that_they_cannot_see(
    messaging: Any, users: dict[str, str], whispered: dict[str, str]
) -> None:
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.redact_channel_message(**whispered, ChimeBearer=users["eve"])
    messaging.delete_channel_message(**whispered, ChimeBearer=users["eve"])
    assert contents(messaging, whispered["ChannelArn"], users["bob"]) == []


def test_hidden_member_reads_and_does_not_write(messaging: Any, users: dict[str, str], channel: str) -> None:
    messaging.create_channel_membership(
        ChannelArn=channel, MemberArn=users["carol"], Type="HIDDEN", ChimeBearer=users["ada"]
    )
    send(messaging, channel, users["ada"])
    assert contents(messaging, channel, users["carol"]) == ["Hello, Bob"]
    with pytest.raises(messaging.exceptions.ForbiddenException):
        send(messaging, channel, users["carol"])
