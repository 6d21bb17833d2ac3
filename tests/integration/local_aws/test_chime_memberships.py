"""Memberships, moderators and bans of Chime SDK messaging through boto3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.local_aws.messaging import contents, create, send

Names = list[str]


class InChannel:
    """The operations on one channel, for users by their names."""

    def __init__(self, messaging: Any, users: dict[str, str], channel: str) -> None:
        self.messaging, self.users, self.channel = messaging, users, channel

    def call(self, operation: str, bearer: str, **more: Any) -> Any:
        return getattr(self.messaging, operation)(ChannelArn=self.channel, ChimeBearer=self.users[bearer], **more)

    def add(self, member: str, bearer: str = "ada", kind: str = "DEFAULT") -> Any:
        return self.call("create_channel_membership", bearer, MemberArn=self.users[member], Type=kind)

    def add_all(self, members: Names, bearer: str = "ada", **more: Any) -> Any:
        arns = [self.users[member] for member in members]
        return self.call("batch_create_channel_membership", bearer, MemberArns=arns, **more)

    def remove(self, member: str, bearer: str = "ada") -> None:
        self.call("delete_channel_membership", bearer, MemberArn=self.users[member])

    def ban(self, member: str, bearer: str = "ada") -> Any:
        return self.call("create_channel_ban", bearer, MemberArn=self.users[member])

    def promote(self, moderator: str, bearer: str = "ada") -> Any:
        return self.call("create_channel_moderator", bearer, ChannelModeratorArn=self.users[moderator])

    def members(self, bearer: str = "ada", **more: Any) -> Names:
        listed = self.call("list_channel_memberships", bearer, **more)["ChannelMemberships"]
        return [one["Member"]["Name"] for one in listed]

    def moderators(self) -> Names:
        listed = self.call("list_channel_moderators", "ada")["ChannelModerators"]
        return [one["Moderator"]["Name"] for one in listed]

    def banned(self) -> Names:
        return [one["Member"]["Name"] for one in self.call("list_channel_bans", "ada")["ChannelBans"]]


@pytest.fixture
def here(messaging: Any, users: dict[str, str], channel: str) -> InChannel:
    return InChannel(messaging, users, channel)


def test_creator_is_a_member_and_moderator(here: InChannel) -> None:
    assert here.members() == ["Ada", "Bob"]
    assert here.moderators() == ["Ada"]


def test_membership_is_described_as_created(here: InChannel) -> None:
    assert here.add("carol")["Member"] == {"Arn": here.users["carol"], "Name": "Carol"}
    described = here.call("describe_channel_membership", "bob", MemberArn=here.users["carol"])["ChannelMembership"]
    assert described["ChannelArn"] == here.channel
    assert described["InvitedBy"] == {"Arn": here.users["ada"], "Name": "Ada"}
    assert described["Type"] == "DEFAULT"
    assert described["CreatedTimestamp"] == described["LastUpdatedTimestamp"]


def test_member_is_added_once(here: InChannel) -> None:
    with pytest.raises(here.messaging.exceptions.ConflictException):
        here.add("bob")


def test_member_is_added_once_by_many_at_the_same_time(here: InChannel) -> None:
    def add(_: int) -> str:
        try:
            return str(here.add("carol")["Member"]["Name"])
        except here.messaging.exceptions.ConflictException:
            return "Conflict"

    with ThreadPoolExecutor(8) as many:
        assert sorted(many.map(add, range(8))) == ["Carol", *["Conflict"] * 7]


def test_member_has_to_exist(here: InChannel) -> None:
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.add("nobody")


def test_user_joins_a_public_channel_alone_and_brings_nobody_unless_it_is_unrestricted(
    messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    hall = create(messaging, app_instance, users["ada"], Privacy="PUBLIC")
    here = InChannel(messaging, users, hall)
    with pytest.raises(messaging.exceptions.ForbiddenException):
        here.add("bob", bearer="carol")
    here.add("carol", bearer="carol")
    with pytest.raises(messaging.exceptions.ForbiddenException):
        here.add("bob", bearer="carol")
    here.call("update_channel", "ada", Mode="UNRESTRICTED")
    here.add("bob", bearer="carol")
    assert here.members("bob") == ["Ada", "Bob", "Carol"]


def test_members_are_listed_a_page_at_a_time(here: InChannel) -> None:
    here.add("carol")
    first = here.call("list_channel_memberships", "bob", MaxResults=2)
    assert [one["Member"]["Name"] for one in first["ChannelMemberships"]] == ["Ada", "Bob"]
    assert here.members("bob", NextToken=first["NextToken"]) == ["Carol"]


def test_hidden_member_is_shown_to_moderators_and_administrators_only(here: InChannel) -> None:
    here.add("carol", kind="HIDDEN")
    assert here.members("bob") == ["Ada", "Bob"]
    assert here.members("carol") == ["Ada", "Bob"]
    assert here.members("ada", Type="HIDDEN") == here.members("eve", Type="HIDDEN") == ["Carol"]
    for bearer in ("bob", "carol"):
        with pytest.raises(here.messaging.exceptions.ForbiddenException):
            here.members(bearer, Type="HIDDEN")
    for bearer in ("ada", "carol"):
        assert here.call("describe_channel_membership", bearer, MemberArn=here.users["carol"])
    with pytest.raises(here.messaging.exceptions.NotFoundException):
        here.call("describe_channel_membership", "bob", MemberArn=here.users["carol"])


def test_hidden_member_reads_and_does_not_write(here: InChannel) -> None:
    here.add("carol", kind="HIDDEN")
    send(here.messaging, here.channel, here.users["ada"])
    assert contents(here.messaging, here.channel, here.users["carol"]) == ["Hello, Bob"]
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        send(here.messaging, here.channel, here.users["carol"])


def test_hidden_member_is_not_added_by_a_member(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    hall = create(messaging, app_instance, users["ada"], Mode="UNRESTRICTED", MemberArns=[users["bob"]])
    here = InChannel(messaging, users, hall)
    with pytest.raises(messaging.exceptions.ForbiddenException):
        here.add("carol", bearer="bob", kind="HIDDEN")
    with pytest.raises(messaging.exceptions.ForbiddenException):
        here.add_all(["carol"], bearer="bob", Type="HIDDEN")
    here.add("carol", bearer="bob")


def test_batch_adds_whom_it_can_and_names_the_others(here: InChannel) -> None:
    here.ban("carol")
    answer = here.add_all(["eve", "bob", "carol", "nobody", "eve"])
    assert [member["Name"] for member in answer["BatchChannelMemberships"]["Members"]] == ["Eve"]
    assert answer["BatchChannelMemberships"]["InvitedBy"]["Name"] == "Ada"
    assert {error["MemberArn"]: error["ErrorCode"] for error in answer["Errors"]} == {
        here.users["bob"]: "Conflict",
        here.users["carol"]: "Forbidden",
        here.users["nobody"]: "Forbidden",
    }
    assert here.members() == ["Ada", "Bob", "Eve"]


def test_batch_that_adds_nobody_answers_so(here: InChannel) -> None:
    answer = here.add_all(["bob"])
    assert answer["BatchChannelMemberships"] == {"ChannelArn": here.channel}
    assert len(answer["Errors"]) == 1


@pytest.mark.parametrize("size", [0, 101])
def test_batch_has_one_to_a_hundred_members(size: int, here: InChannel) -> None:
    with pytest.raises(here.messaging.exceptions.BadRequestException):
        here.add_all(["carol"] * size)


def test_member_leaves_and_moderator_removes(here: InChannel) -> None:
    here.add("carol")
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.remove("carol", bearer="bob")
    here.remove("carol", bearer="carol")
    here.remove("bob")
    assert here.members() == ["Ada"]
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.remove("bob")


def test_channels_of_a_user_are_listed_and_described(here: InChannel) -> None:
    mine = here.messaging.list_channel_memberships_for_app_instance_user(ChimeBearer=here.users["bob"])
    [listed] = mine["ChannelMemberships"]
    described = here.call(
        "describe_channel_membership_for_app_instance_user", "bob", AppInstanceUserArn=here.users["bob"]
    )["ChannelMembership"]
    assert described == listed
    assert listed["ChannelSummary"]["ChannelArn"] == here.channel
    assert listed["AppInstanceUserMembershipSummary"]["Type"] == "DEFAULT"
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.call("describe_channel_membership_for_app_instance_user", "eve", AppInstanceUserArn=here.users["carol"])


def test_moderator_is_created_described_listed_and_deleted(here: InChannel) -> None:
    bob = {"ChannelModeratorArn": here.users["bob"]}
    assert here.promote("bob")["ChannelModerator"] == {"Arn": here.users["bob"], "Name": "Bob"}
    described = here.call("describe_channel_moderator", "bob", **bob)["ChannelModerator"]
    assert (described["Moderator"]["Name"], described["CreatedBy"]["Name"]) == ("Bob", "Ada")
    assert described["CreatedTimestamp"]
    assert here.moderators() == ["Ada", "Bob"]
    with pytest.raises(here.messaging.exceptions.ConflictException):
        here.promote("bob")
    here.call("delete_channel_moderator", "ada", **bob)
    assert here.moderators() == ["Ada"]
    assert here.members() == ["Ada", "Bob"]
    with pytest.raises(here.messaging.exceptions.NotFoundException):
        here.call("describe_channel_moderator", "ada", **bob)
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.call("delete_channel_moderator", "ada", **bob)


def test_moderator_need_not_be_a_member(here: InChannel) -> None:
    here.promote("carol")
    assert here.members() == ["Ada", "Bob"]
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.promote("nobody")


def test_moderated_channels_are_listed_and_described(here: InChannel) -> None:
    listed = here.messaging.list_channels_moderated_by_app_instance_user(ChimeBearer=here.users["ada"])["Channels"]
    ada = {"AppInstanceUserArn": here.users["ada"]}
    described = here.call("describe_channel_moderated_by_app_instance_user", "ada", **ada)["Channel"]
    assert listed == [described]
    assert described["ChannelSummary"]["ChannelArn"] == here.channel
    nothing = here.messaging.list_channels_moderated_by_app_instance_user(ChimeBearer=here.users["bob"])
    assert nothing["Channels"] == []
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.call("describe_channel_moderated_by_app_instance_user", "bob", AppInstanceUserArn=here.users["bob"])


def test_ban_removes_the_member_until_it_is_lifted(here: InChannel) -> None:
    bob = {"MemberArn": here.users["bob"]}
    assert here.ban("bob")["Member"] == {"Arn": here.users["bob"], "Name": "Bob"}
    assert (here.members(), here.banned()) == (["Ada"], ["Bob"])
    described = here.call("describe_channel_ban", "ada", **bob)["ChannelBan"]
    assert (described["Member"]["Name"], described["CreatedBy"]["Name"]) == ("Bob", "Ada")
    for refused, error in ((here.ban, "Conflict"), (here.add, "Forbidden")):
        with pytest.raises(getattr(here.messaging.exceptions, f"{error}Exception")):
            refused("bob")
    here.call("delete_channel_ban", "ada", **bob)
    assert (here.members(), here.banned()) == (["Ada"], [])
    here.add("bob")
    with pytest.raises(here.messaging.exceptions.NotFoundException):
        here.call("describe_channel_ban", "ada", **bob)
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.call("delete_channel_ban", "ada", **bob)


def test_user_may_be_banned_before_joining(here: InChannel) -> None:
    here.ban("carol")
    assert here.banned() == ["Carol"]


@pytest.mark.parametrize("member", ["ada", "eve", "nobody"], ids=["a moderator", "an administrator", "nobody"])
def test_ban_is_refused_for(member: str, here: InChannel) -> None:
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.ban(member)
    assert here.banned() == []


@pytest.mark.parametrize(
    ("operation", "parameters", "error"),
    [
        pytest.param("describe_channel", {}, "Forbidden", id="DescribeChannel"),
        pytest.param("delete_channel", {}, "Forbidden", id="DeleteChannel"),
        pytest.param("create_channel_membership", {"MemberArn": "bob", "Type": "DEFAULT"}, "NotFound", id="join"),
        pytest.param("describe_channel_membership", {"MemberArn": "bob"}, "NotFound", id="DescribeChannelMembership"),
        pytest.param("list_channel_memberships", {}, "Forbidden", id="ListChannelMemberships"),
        pytest.param("describe_channel_ban", {"MemberArn": "bob"}, "NotFound", id="DescribeChannelBan"),
        pytest.param("create_channel_ban", {"MemberArn": "bob"}, "Forbidden", id="CreateChannelBan"),
    ],
)
def test_channel_that_does_not_exist(operation: str, parameters: dict[str, str], error: str, here: InChannel) -> None:
    here.channel += "x"
    arns = {name: here.users.get(value, value) for name, value in parameters.items()}
    with pytest.raises(getattr(here.messaging.exceptions, f"{error}Exception")):
        here.call(operation, "eve", **arns)


def test_new_name_of_a_user_is_shown(chime: Any, here: InChannel) -> None:
    chime.update_app_instance_user(AppInstanceUserArn=here.users["bob"], Name="Robert", Metadata="")
    assert here.members() == ["Ada", "Robert"]


def test_name_of_a_deleted_user_is_not_that_of_a_later_one(chime: Any, app_instance: str, here: InChannel) -> None:
    send(here.messaging, here.channel, here.users["bob"])
    chime.delete_app_instance_user(AppInstanceUserArn=here.users["bob"])
    chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="bob", Name="Bobby")
    here.add("bob")
    [message] = here.call("list_channel_messages", "ada")["ChannelMessages"]
    assert (message["Sender"]["Name"], here.members()) == ("Bob", ["Ada", "Bobby"])


def test_deleted_user_is_in_no_channel(chime: Any, here: InChannel) -> None:
    here.promote("bob")
    here.ban("carol")
    send(here.messaging, here.channel, here.users["bob"])
    for name in ("bob", "carol"):
        chime.delete_app_instance_user(AppInstanceUserArn=here.users[name])
    assert (here.members(), here.moderators(), here.banned()) == (["Ada"], ["Ada"], [])
    app_instance = here.users["bob"].partition("/user/")[0]
    chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId="bob", Name="Bob")
    with pytest.raises(here.messaging.exceptions.ForbiddenException):
        here.call("describe_channel", "bob")
    assert contents(here.messaging, here.channel, here.users["ada"]) == ["Hello, Bob"]


def test_deleted_app_instance_has_no_channels(chime: Any, here: InChannel) -> None:
    app_instance = here.users["ada"].partition("/user/")[0]
    chime.delete_app_instance(AppInstanceArn=app_instance)
    for operation in ("describe_channel", "list_channel_memberships"):
        with pytest.raises(here.messaging.exceptions.ForbiddenException):
            here.call(operation, "ada")
