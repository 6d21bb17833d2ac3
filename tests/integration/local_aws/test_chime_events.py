"""Every event of the developer guide over a real WebSocket: what is told, and whom."""

from __future__ import annotations

import importlib
import json
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.utils import get_service_model

from local.chime import register
from tests.integration.local_aws.messaging import create, send
from tests.integration.local_aws.sockets import Session, opened, read, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Aws

register()
EVENTS = importlib.import_module("moto.chimesdkmessaging.event_types").EVENTS
RECIPIENTS = importlib.import_module("moto.chimesdkmessaging.event_types").Recipients

GUIDE = [
    "SESSION_ESTABLISHED",
    "CHANNEL_DETAILS",
    *(f"{kind}_CHANNEL_MESSAGE" for kind in ("CREATE", "REDACT", "UPDATE", "DELETE")),
    *(f"{state}_{kind}_CHANNEL_MESSAGE" for state in ("PENDING", "FAILED", "DENIED") for kind in ("CREATE", "UPDATE")),
    *(f"{kind}_CHANNEL" for kind in ("UPDATE", "DELETE")),
    *(f"{kind}_CHANNEL_MEMBERSHIP" for kind in ("BATCH_CREATE", "CREATE", "DELETE", "UPDATE")),
]
"""Column EventType of https://docs.aws.amazon.com/chime-sdk/latest/dg/message-structures.html."""

CAST = ("moderator", "member", "hidden", "moderator_only", "admin", "stranger")
"""The users of the tests by their ids. `moderator` has created the channel, and so is a member, too."""


class Stage:
    """A channel, everybody's sessions, and what the tests do in it."""

    def __init__(self, aws: Aws, app_instance: str, arns: dict[str, str]) -> None:
        self.arns, self.messaging = arns, aws.client("chime-sdk-messaging")
        self.channel = create(
            self.messaging,
            app_instance,
            arns["moderator"],
            MemberArns=[arns["member"]],
            ModeratorArns=[arns["moderator_only"]],
        )
        self.join("hidden", "HIDDEN")
        self.sessions: dict[str, Session] = {}

    def join(self, who: str, kind: str = "DEFAULT") -> None:
        self.by("moderator", "create_channel_membership", MemberArn=self.arns[who], Type=kind)

    def remove(self, who: str) -> None:
        self.join(who)
        self.by("moderator", "delete_channel_membership", MemberArn=self.arns[who])

    def by(self, bearer: str, operation: str, **parameters: Any) -> Any:
        call = getattr(self.messaging, operation)
        return call(ChannelArn=self.channel, ChimeBearer=self.arns[bearer], **parameters)

    def message(self, **change: Any) -> str:
        return str(send(self.messaging, self.channel, self.arns["member"], **change)["MessageId"])

    def received(self) -> dict[str, list[tuple[dict[str, str], Any]]]:
        return {who: opened_session.received() for who, opened_session in self.sessions.items()}


@pytest.fixture
def stage(aws: Aws, chime: Any, app_instance: str) -> Iterator[Stage]:
    for user in CAST:
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=user, Name=user.title())
    arns = {user: f"{app_instance}/user/{user}" for user in CAST}
    chime.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=arns["admin"])
    ready = Stage(aws, app_instance, arns)
    with ExitStack() as open_sessions:
        ready.sessions = {user: open_sessions.enter_context(session(aws, arn)) for user, arn in arns.items()}
        yield ready


def kinds(events: list[tuple[dict[str, str], Any]]) -> list[str]:
    return [headers["x-amz-chime-event-type"] for headers, _ in events]


def change_message(operation: str, bearer: str = "member", **parameters: Any) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        stage.by(bearer, operation, MessageId=stage.message(), **parameters)

    return act


ACTIONS: dict[str, Callable[[Stage], Any]] = {
    "CREATE_CHANNEL_MESSAGE": lambda stage: stage.message(Metadata="m"),
    "UPDATE_CHANNEL_MESSAGE": change_message("update_channel_message", Content="Good day"),
    "REDACT_CHANNEL_MESSAGE": change_message("redact_channel_message"),
    "DELETE_CHANNEL_MESSAGE": change_message("delete_channel_message", "admin"),
    "UPDATE_CHANNEL": lambda stage: stage.by("moderator", "update_channel", Name="Renamed"),
    "DELETE_CHANNEL": lambda stage: stage.by("moderator", "delete_channel"),
    "BATCH_CREATE_CHANNEL_MEMBERSHIP": lambda stage: stage.by(
        "moderator", "batch_create_channel_membership", MemberArns=[stage.arns["stranger"]]
    ),
    "CREATE_CHANNEL_MEMBERSHIP": lambda stage: stage.join("stranger"),
    "DELETE_CHANNEL_MEMBERSHIP": lambda stage: stage.remove("stranger"),
}
"""What makes AWS send each event. The action's last event is the one that is meant."""

WHO = {
    RECIPIENTS.MEMBERS: {"moderator", "member", "hidden"},
    RECIPIENTS.VIEWERS: {"moderator", "member", "hidden"},
    RECIPIENTS.CONCERNED: {"moderator", "member", "hidden", "stranger"},
}


def test_table_has_the_events_of_the_guide() -> None:
    assert sorted(EVENTS) == sorted(GUIDE)


def test_every_event_that_is_announced_here_is_tried() -> None:
    announced = {
        name for name, row in EVENTS.items() if row.recipients is not RECIPIENTS.CONNECTION and not row.only_with
    }
    assert set(ACTIONS) == announced


@pytest.mark.parametrize("event", ACTIONS)
def test_event_reaches_whom_it_concerns(event: str, stage: Stage) -> None:
    ACTIONS[event](stage)
    received = stage.received()
    assert {who for who, events in received.items() if event in kinds(events)} == WHO[EVENTS[event].recipients]
    assert {kinds(events).count(event) for events in received.values()} == {0, 1}


@pytest.mark.parametrize("event", ACTIONS)
def test_event_tells_what_the_model_has(event: str, stage: Stage) -> None:
    ACTIONS[event](stage)
    headers, payload = stage.received()["member"][-1]
    kind = "STANDARD" if event.endswith("_MESSAGE") else "SYSTEM"
    assert headers == {"x-amz-chime-event-type": event, "x-amz-chime-message-type": kind}
    assert payload["ChannelArn"] == stage.channel
    assert_conforms(payload, EVENTS[event].payload)


def assert_conforms(value: Any, shape: Any) -> None:
    """Check that *value* is as a shape of botocore's model has it in an event: times are ISO 8601."""
    if isinstance(shape, str):
        shape = get_service_model("chime-sdk-messaging").shape_for(shape)
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members)
        assert None not in value.values()
        for name, member in value.items():
            assert_conforms(member, shape.members[name])
    elif shape.type_name == "list":
        for item in value:
            assert_conforms(item, shape.member)
    elif shape.type_name == "timestamp":
        assert value.endswith("Z")
        datetime.fromisoformat(value)
    elif shape.type_name in {"string", "boolean"}:
        assert isinstance(value, {"string": str, "boolean": bool}[shape.type_name])


def test_control_message_is_said_to_be_one(stage: Stage) -> None:
    stage.message(Type="CONTROL", Content="P|Auto|Online", Persistence="NON_PERSISTENT")
    headers, payload = stage.received()["moderator"][-1]
    assert headers["x-amz-chime-message-type"] == payload["Type"] == "CONTROL"


@pytest.mark.parametrize("event", ["REDACT_CHANNEL_MESSAGE", "DELETE_CHANNEL_MESSAGE"])
def test_event_of_a_removed_message_has_no_content(event: str, stage: Stage) -> None:
    ACTIONS[event](stage)
    payload = stage.received()["member"][-1][1]
    assert not {"Content", "Metadata"} & set(payload)
    assert payload["Redacted"] == (event == "REDACT_CHANNEL_MESSAGE")


def test_event_of_an_edited_message_has_its_new_content(stage: Stage) -> None:
    ACTIONS["UPDATE_CHANNEL_MESSAGE"](stage)
    payload = stage.received()["moderator"][-1][1]
    assert payload["Content"] == "Good day"
    assert payload["LastEditedTimestamp"] >= payload["CreatedTimestamp"]


def test_message_with_a_target_is_announced_to_target_and_sender_alone(stage: Stage) -> None:
    stage.join("stranger")
    stage.message(Target=[{"MemberArn": stage.arns["stranger"]}])
    heard = {who for who, events in stage.received().items() if "CREATE_CHANNEL_MESSAGE" in kinds(events)}
    assert heard == {"member", "stranger"}


def test_hidden_member_is_announced_to_themselves_alone(stage: Stage) -> None:
    stage.join("stranger", "HIDDEN")
    assert {who for who, events in stage.received().items() if events} == {"stranger"}


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda stage: stage.by("member", "update_channel_read_marker"), id="a read marker"),
        pytest.param(
            lambda stage: stage.by(
                "member",
                "put_channel_membership_preferences",
                MemberArn=stage.arns["member"],
                Preferences={"PushNotifications": {"AllowNotifications": "NONE"}},
            ),
            id="preferences",
        ),
        pytest.param(
            lambda stage: stage.by("moderator", "create_channel_moderator", ChannelModeratorArn=stage.arns["member"]),
            id="a moderator",
        ),
    ],
)
def test_nobody_is_told_of(act: Callable[[Stage], Any], stage: Stage) -> None:
    act(stage)
    assert not any(stage.received().values())


# ── On connecting ────────────────────────────────────────────────────────────────────────────────────

PREFETCH = {"prefetch-on": "connect"}
DETAILS = {
    "Channel": "ChannelSummary",
    "ChannelMessages": "ChannelMessageSummaryList",
    "ChannelMemberships": "ChannelMembershipSummaryList",
    "ReadMarkerTimestamp": "Timestamp",
}
"""Of https://docs.aws.amazon.com/chime-sdk/latest/dg/prefetch.html, each with its shape."""


def prefetched(aws: Aws, user_arn: str, count: int, **query: str) -> list[Any]:
    """Return the payloads of *count* events after the session is established."""
    with opened(aws, user_arn, **query) as connection:
        assert read(connection) == (
            {"x-amz-chime-event-type": "SESSION_ESTABLISHED", "x-amz-chime-message-type": "SYSTEM"},
            None,
        )
        events = [read(connection) for _ in range(count)]
    expected = {"x-amz-chime-event-type": "CHANNEL_DETAILS", "x-amz-chime-message-type": "SYSTEM"}
    assert all(headers == expected for headers, _ in events)
    return [payload for _, payload in events]


def test_channel_is_told_with_messages_members_and_read_marker(
    aws: Aws, messaging: Any, users: dict[str, str], channel: str
) -> None:
    messaging.create_channel_membership(
        ChannelArn=channel, MemberArn=users["carol"], Type="HIDDEN", ChimeBearer=users["ada"]
    )
    messaging.update_channel_read_marker(ChannelArn=channel, ChimeBearer=users["bob"])
    for content in ("one", "two"):
        send(messaging, channel, users["ada"], Content=content)
    [details] = prefetched(aws, users["bob"], 1, **PREFETCH)
    assert set(details) == {*DETAILS, "ChannelMessagesHasMore"}
    for name, shape in DETAILS.items():
        assert_conforms(details[name], shape)
    assert (details["Channel"]["ChannelArn"], details["ChannelMessagesHasMore"]) == (channel, False)
    assert [message["Content"] for message in details["ChannelMessages"]] == ["two", "one"]
    assert [one["Member"]["Name"] for one in details["ChannelMemberships"]] == ["Ada", "Bob"]


def test_twenty_messages_are_told_at_most(aws: Aws, messaging: Any, users: dict[str, str], channel: str) -> None:
    for number in range(21):
        send(messaging, channel, users["ada"], Content=str(number))
    [details] = prefetched(aws, users["bob"], 1, **PREFETCH)
    assert [message["Content"] for message in details["ChannelMessages"]] == [
        str(number) for number in range(20, 0, -1)
    ]
    assert details["ChannelMessagesHasMore"] is True


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param({}, ["older", "newer"], id="unread ones first unless another order is asked for"),
        pytest.param({"prefetch-sort-by": "unread"}, ["older", "newer"], id="unread ones first"),
        pytest.param({"prefetch-sort-by": "last-message-timestamp"}, ["newer", "older"], id="the last message first"),
    ],
)
def test_channels_are_told_in_order(
    order: dict[str, str], expected: list[str], aws: Aws, app_instance: str, users: dict[str, str]
) -> None:
    messaging = aws.client("chime-sdk-messaging")
    channels = {name: create(messaging, app_instance, users["ada"], ChannelId=name) for name in ("older", "newer")}
    for channel in channels.values():
        send(messaging, channel, users["ada"])
    messaging.update_channel_read_marker(ChannelArn=channels["newer"], ChimeBearer=users["ada"])
    told = prefetched(aws, users["ada"], 2, **PREFETCH, **order)
    assert [details["Channel"]["ChannelArn"].rpartition("/")[2] for details in told] == expected


def test_fifty_channels_are_told_at_most(aws: Aws, messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    quiet = create(messaging, app_instance, users["ada"])
    for _ in range(50):
        send(messaging, create(messaging, app_instance, users["ada"]), users["ada"])
    with opened(aws, users["ada"], **PREFETCH) as connection:
        told = [read(connection)[1] for _ in range(51)][1:]
        send(messaging, quiet, users["ada"])
        headers, payload = read(connection)
    assert quiet not in json.dumps(told)
    assert (headers["x-amz-chime-event-type"], payload["ChannelArn"]) == ("CREATE_CHANNEL_MESSAGE", quiet)


@pytest.mark.parametrize(
    "query", [pytest.param({}, id="no prefetch"), pytest.param({"prefetch-on": "never"}, id="another prefetch")]
)
def test_nothing_is_told_with(
    query: dict[str, str], aws: Aws, messaging: Any, users: dict[str, str], channel: str
) -> None:
    with opened(aws, users["bob"], **query) as connection:
        assert read(connection)[0]["x-amz-chime-event-type"] == "SESSION_ESTABLISHED"
        send(messaging, channel, users["ada"])
        assert read(connection)[0]["x-amz-chime-event-type"] == "CREATE_CHANNEL_MESSAGE"


def test_listed_connection_has_no_prefetch(aws: Aws, users: dict[str, str]) -> None:
    with opened(aws, users["ada"], **PREFETCH) as connection:
        read(connection)
        [listed] = aws.local("GET", "connections")[1]
    assert set(listed) == {"userArn", "sessionId", "accessKeyId"}
