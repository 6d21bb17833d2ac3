"""Channels of Chime SDK messaging through boto3: made, listed, found, changed and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.local_aws.messaging import create, send


def listed(messaging: Any, app_instance: str, bearer: str, **more: Any) -> list[str]:
    found = messaging.list_channels(AppInstanceArn=app_instance, ChimeBearer=bearer, **more)
    return [channel["Name"] for channel in found["Channels"]]


def described(messaging: Any, channel: str, bearer: str) -> dict[str, Any]:
    answer: dict[str, Any] = messaging.describe_channel(ChannelArn=channel, ChimeBearer=bearer)["Channel"]
    return answer


def found(messaging: Any, bearer: str, *fields: tuple[str, list[str]], **more: Any) -> list[str]:
    """Search by fields, each of an operator and members; return the ARNs."""
    asked = [{"Key": "MEMBERS", "Operator": operator, "Values": values} for operator, values in fields]
    channels = messaging.search_channels(ChimeBearer=bearer, Fields=asked, **more)["Channels"]
    return [channel["ChannelArn"] for channel in channels]


def test_channel_is_described_as_created(
    messaging: Any, app_instance: str, users: dict[str, str], channel: str
) -> None:
    channel_described = described(messaging, channel, users["ada"])
    assert channel_described["ChannelArn"].startswith(f"{app_instance}/channel/")
    assert (channel_described["Name"], channel_described["Mode"], channel_described["Privacy"]) == (
        "Engines",
        "RESTRICTED",
        "PRIVATE",
    )
    assert channel_described["CreatedBy"] == {"Arn": users["ada"], "Name": "Ada"}
    assert "LastMessageTimestamp" not in channel_described


GOOD = {"ClientRequestToken": "token", "Metadata": "m", "Mode": "RESTRICTED", "Privacy": "PUBLIC"}


def test_one_token_makes_one_channel(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    arns = {create(messaging, app_instance, users["ada"], **GOOD) for _ in range(2)}
    assert len(arns) == 1
    assert create(messaging, app_instance, users["bob"], **GOOD) not in arns


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Metadata": "other"}, id="other metadata"),
        pytest.param({"Mode": "UNRESTRICTED"}, id="another mode"),
        pytest.param({"Privacy": "PRIVATE"}, id="another privacy"),
        pytest.param({"ChannelId": "x"}, id="an id"),
    ],
)
def test_token_of_another_channel_conflicts_with(
    change: dict[str, str], messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    create(messaging, app_instance, users["ada"], **GOOD)
    with pytest.raises(messaging.exceptions.ConflictException):
        create(messaging, app_instance, users["ada"], **(GOOD | change))


def test_token_of_a_deleted_channel_is_free(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    first = create(messaging, app_instance, users["ada"], **GOOD)
    messaging.delete_channel(ChannelArn=first, ChimeBearer=users["ada"])
    assert create(messaging, app_instance, users["ada"], **GOOD) != first


def test_taken_channel_id(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    assert create(messaging, app_instance, users["ada"], ChannelId="x").endswith("/channel/x")
    with pytest.raises(messaging.exceptions.ConflictException):
        create(messaging, app_instance, users["ada"], ChannelId="x")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Name": ""}, id="an empty name"),
        pytest.param({"Name": "n" * 257}, id="a name of 257"),
        pytest.param({"Mode": "OPEN"}, id="another mode"),
        pytest.param({"Privacy": "SECRET"}, id="another privacy"),
        pytest.param({"Metadata": "m" * 1025}, id="metadata of 1025"),
        pytest.param({"ChannelId": "-x"}, id="an id that starts with a dash"),
        pytest.param({"ClientRequestToken": "t"}, id="a token of 1"),
        pytest.param({"MemberArns": []}, id="an empty list of members"),
        pytest.param({"MemberArns": ["arn:aws:chime:::a"] * 11}, id="eleven members"),
        pytest.param({"ChimeBearer": None}, id="no bearer"),
    ],
)
def test_bad_request_for(change: dict[str, Any], messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    good = {"AppInstanceArn": app_instance, "Name": "Engines", "ChimeBearer": users["ada"], "ClientRequestToken": "tt"}
    with pytest.raises(messaging.exceptions.BadRequestException):
        messaging.create_channel(**good | change)
    assert messaging.create_channel(**good)["ChannelArn"]


@pytest.mark.parametrize("name", ["MemberArns", "ModeratorArns"])
def test_users_of_a_new_channel_have_to_exist(
    name: str, messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    with pytest.raises(messaging.exceptions.ForbiddenException):
        create(messaging, app_instance, users["ada"], **{name: [users["nobody"]]})


def test_public_channels_are_listed_to_all_users_and_private_ones_to_administrators(
    messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    for name, privacy in (("Open", "PUBLIC"), ("Closed", "PRIVATE")):
        messaging.create_channel(AppInstanceArn=app_instance, Name=name, Privacy=privacy, ChimeBearer=users["ada"])
    assert listed(messaging, app_instance, users["carol"]) == ["Open"]
    assert listed(messaging, app_instance, users["ada"], Privacy="PUBLIC") == ["Open"]
    assert sorted(listed(messaging, app_instance, users["eve"])) == ["Closed", "Open"]
    assert listed(messaging, app_instance, users["eve"], Privacy="PRIVATE") == ["Closed"]
    for bearer in ("ada", "nobody"):
        with pytest.raises(messaging.exceptions.ForbiddenException):
            listed(messaging, app_instance, users[bearer], Privacy="PRIVATE")


def test_channels_of_another_app_instance_are_not_listed(
    chime: Any, messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    create(messaging, app_instance, users["ada"], Privacy="PUBLIC")
    other = chime.create_app_instance(Name="Other")["AppInstanceArn"]
    stranger = chime.create_app_instance_user(AppInstanceArn=other, AppInstanceUserId="ada", Name="Ada")
    assert listed(messaging, other, stranger["AppInstanceUserArn"]) == []
    with pytest.raises(messaging.exceptions.ForbiddenException):
        listed(messaging, app_instance, stranger["AppInstanceUserArn"])


def test_channels_come_a_page_at_a_time(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    for name in ("c", "a", "b"):
        create(messaging, app_instance, users["ada"], ChannelId=name, Privacy="PUBLIC")
    asked = {"AppInstanceArn": app_instance, "ChimeBearer": users["bob"], "MaxResults": 2}
    first = messaging.list_channels(**asked)
    rest = messaging.list_channels(**asked, NextToken=first["NextToken"])
    ids = [one["ChannelArn"][-1] for one in (*first["Channels"], *rest["Channels"])]
    assert ids == ["a", "b", "c"]
    assert "NextToken" not in rest


@pytest.mark.parametrize("token", ["2", "-2", "Mg", "LTE=", "MA==", "MiA=", "M_g=", "4pGg", "MTAwMDAw====", "x" * 2049])
def test_token_that_no_page_gave_is_refused(
    token: str, messaging: Any, app_instance: str, users: dict[str, str]
) -> None:
    with pytest.raises(messaging.exceptions.BadRequestException):
        messaging.list_channels(AppInstanceArn=app_instance, ChimeBearer=users["bob"], NextToken=token)


@pytest.mark.parametrize("size", [0, 51])
def test_page_has_one_to_fifty_items(size: int, messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    with pytest.raises(messaging.exceptions.BadRequestException):
        messaging.list_channels(AppInstanceArn=app_instance, ChimeBearer=users["bob"], MaxResults=size)


def test_users_search_their_own_channels_by_members(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    ada, bob, carol = users["ada"], users["bob"], users["carol"]
    both = create(messaging, app_instance, ada, ChannelId="both", MemberArns=[bob])
    three = create(messaging, app_instance, ada, ChannelId="three", MemberArns=[bob, carol])
    assert found(messaging, ada, ("INCLUDES", [bob])) == [both, three]
    assert found(messaging, ada, ("EQUALS", [bob, ada])) == [both]
    assert found(messaging, ada, ("EQUALS", [bob])) == []
    assert found(messaging, ada, ("INCLUDES", [bob]), ("INCLUDES", [carol])) == [three]
    assert found(messaging, carol, ("INCLUDES", [ada])) == [three]
    assert found(messaging, users["eve"], ("INCLUDES", [ada])) == [both, three]
    assert found(messaging, ada, ("INCLUDES", [users["nobody"]])) == []


def test_search_finds_a_hidden_member_only_for_who_may_list_hidden_members(
    messaging: Any, users: dict[str, str], channel: str
) -> None:
    messaging.create_channel_membership(
        ChannelArn=channel, MemberArn=users["carol"], Type="HIDDEN", ChimeBearer=users["ada"]
    )
    assert found(messaging, users["ada"], ("INCLUDES", [users["carol"]])) == [channel]
    assert found(messaging, users["bob"], ("INCLUDES", [users["carol"]])) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ChimeBearer": None}, id="no bearer"),
        pytest.param({"Fields": []}, id="no field"),
        pytest.param({"Fields": [{"Key": "NAME", "Operator": "EQUALS", "Values": ["x"]}]}, id="another key"),
        pytest.param({"Fields": [{"Key": "MEMBERS", "Operator": "LIKE", "Values": ["x"]}]}, id="another operator"),
        pytest.param({"Fields": [{"Key": "MEMBERS", "Operator": "EQUALS", "Values": []}]}, id="no value"),
    ],
)
def test_search_is_refused_with(change: dict[str, Any], messaging: Any, users: dict[str, str]) -> None:
    good = {
        "ChimeBearer": users["ada"],
        "Fields": [{"Key": "MEMBERS", "Operator": "INCLUDES", "Values": [users["ada"]]}],
    }
    assert messaging.search_channels(**good)["Channels"] == []
    with pytest.raises(messaging.exceptions.BadRequestException):
        messaging.search_channels(**good | change)


def test_channel_is_updated_where_a_value_is_given(messaging: Any, users: dict[str, str], channel: str) -> None:
    before = described(messaging, channel, users["ada"])
    messaging.update_channel(ChannelArn=channel, Metadata="m", ChimeBearer=users["ada"])
    messaging.update_channel(ChannelArn=channel, Name="Poets", Mode="UNRESTRICTED", ChimeBearer=users["ada"])
    after = described(messaging, channel, users["ada"])
    assert (after["Name"], after["Mode"], after["Metadata"]) == ("Poets", "UNRESTRICTED", "m")
    assert after["CreatedTimestamp"] == before["CreatedTimestamp"]
    assert after["LastUpdatedTimestamp"] >= before["LastUpdatedTimestamp"]


def test_deleted_channel_is_gone_for_all(messaging: Any, app_instance: str, users: dict[str, str]) -> None:
    channel = create(messaging, app_instance, users["ada"], ChannelId="x", MemberArns=[users["bob"]])
    send(messaging, channel, users["ada"])
    messaging.delete_channel(ChannelArn=channel, ChimeBearer=users["ada"])
    for bearer in ("ada", "bob", "eve"):
        with pytest.raises(messaging.exceptions.ForbiddenException):
            described(messaging, channel, users[bearer])
    mine = messaging.list_channel_memberships_for_app_instance_user(ChimeBearer=users["bob"])
    assert mine["ChannelMemberships"] == []
    again = create(messaging, app_instance, users["ada"], ChannelId="x")
    assert messaging.list_channel_messages(ChannelArn=again, ChimeBearer=users["ada"])["ChannelMessages"] == []
