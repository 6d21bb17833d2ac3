"""Preferences and read markers of Chime SDK messaging through boto3."""

from __future__ import annotations

from typing import Any

import pytest

FILTERED = {"AllowNotifications": "FILTERED", "FilterRule": '{"mention": ["Bob"]}'}


def put(messaging: Any, channel: str, member: str, notifications: dict[str, str], bearer: str | None = None) -> Any:
    return messaging.put_channel_membership_preferences(
        ChannelArn=channel,
        MemberArn=member,
        ChimeBearer=bearer or member,
        Preferences={"PushNotifications": notifications},
    )


def get(messaging: Any, channel: str, member: str, bearer: str | None = None) -> Any:
    return messaging.get_channel_membership_preferences(
        ChannelArn=channel, MemberArn=member, ChimeBearer=bearer or member
    )


def test_preferences_are_got_as_put(messaging: Any, users: dict[str, str], channel: str) -> None:
    for answer in (put(messaging, channel, users["bob"], FILTERED), get(messaging, channel, users["bob"])):
        assert answer["Preferences"] == {"PushNotifications": FILTERED}
        assert (answer["ChannelArn"], answer["Member"]) == (channel, {"Arn": users["bob"], "Name": "Bob"})


def test_new_member_gets_all_notifications(messaging: Any, users: dict[str, str], channel: str) -> None:
    put(messaging, channel, users["ada"], {"AllowNotifications": "NONE"})
    preferences = get(messaging, channel, users["bob"])["Preferences"]
    assert preferences == {"PushNotifications": {"AllowNotifications": "ALL"}}


@pytest.mark.parametrize("who", ["eve", "ada", "carol"], ids=["administrator", "moderator", "stranger"])
def test_preferences_of_another_are_forbidden_to_an(
    who: str, messaging: Any, users: dict[str, str], channel: str
) -> None:
    with pytest.raises(messaging.exceptions.ForbiddenException):
        put(messaging, channel, users["bob"], FILTERED, bearer=users[who])
    with pytest.raises(messaging.exceptions.ForbiddenException):
        get(messaging, channel, users["bob"], bearer=users[who])


def test_who_is_no_member_has_no_preferences(messaging: Any, users: dict[str, str], channel: str) -> None:
    with pytest.raises(messaging.exceptions.ForbiddenException):
        put(messaging, channel, users["carol"], FILTERED)


@pytest.mark.parametrize(
    "notifications",
    [
        pytest.param({"AllowNotifications": "SOME"}, id="neither all, none nor filtered"),
        pytest.param({"AllowNotifications": "FILTERED"}, id="filtered without a rule"),
        pytest.param({"AllowNotifications": "FILTERED", "FilterRule": "mention Bob"}, id="a rule that is not JSON"),
    ],
)
def test_preferences_are_refused_with(
    notifications: dict[str, str], messaging: Any, users: dict[str, str], channel: str
) -> None:
    with pytest.raises(messaging.exceptions.BadRequestException):
        put(messaging, channel, users["bob"], notifications)


def read_marker(messaging: Any, user: str) -> Any:
    listed = messaging.list_channel_memberships_for_app_instance_user(ChimeBearer=user)["ChannelMemberships"]
    return listed[0]["AppInstanceUserMembershipSummary"].get("ReadMarkerTimestamp")


def test_read_marker_is_the_members_own(messaging: Any, users: dict[str, str], channel: str) -> None:
    assert messaging.update_channel_read_marker(ChannelArn=channel, ChimeBearer=users["bob"])["ChannelArn"] == channel
    first = read_marker(messaging, users["bob"])
    assert first is not None
    assert read_marker(messaging, users["ada"]) is None
    messaging.update_channel_read_marker(ChannelArn=channel, ChimeBearer=users["bob"])
    assert read_marker(messaging, users["bob"]) > first


def test_read_marker_is_for_members(messaging: Any, users: dict[str, str], channel: str) -> None:
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.update_channel_read_marker(ChannelArn=channel, ChimeBearer=users["eve"])
