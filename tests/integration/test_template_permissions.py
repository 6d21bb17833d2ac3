"""Who may do what once template.yaml is deployed: the least that is needed, pinned to one user where Chime can."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local.stack import TEMPLATE
from tests import judge
from tests.reference import as_list, is_known, types_of
from tests.translated import ACCOUNT, APP_INSTANCE, EVERYTHING, LEAST, SETS, deployed

DOCS = TEMPLATE.parent / "docs"
PAGE = (DOCS / "permissions.md").read_text()
PINNED = "user/${aws:PrincipalTag/UserUUID}"
MINIMAL = {
    *("chime:GetMessagingSessionEndpoint", "chime:Connect", "chime:DescribeAppInstanceUser", "chime:DescribeChannel"),
    *("chime:DescribeChannelMembershipForAppInstanceUser", "chime:DescribeChannelModeratedByAppInstanceUser"),
    *("chime:GetChannelMessage", "chime:ListChannelMembershipsForAppInstanceUser", "chime:ListChannelMessages"),
    *("chime:ListChannels", "chime:ListChannelsModeratedByAppInstanceUser", "chime:SendChannelMessage"),
}
"""The developer guide's example of minimal access, and one's own name."""
Statements = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def everything() -> Statements:
    return deployed(EVERYTHING)[1]


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for statement in statements for action in statement["Action"]}


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        pytest.param({}, set(), id="by default"),
        pytest.param({"ContactList": "true"}, {"chime:ListAppInstanceUsers"}, id="with the contact list"),
        pytest.param({"Meetings": "join"}, {"chime:CreateAttendee", "chime:GetMeeting"}, id="who join meetings"),
        pytest.param(
            {"Meetings": "host"},
            {"chime:CreateAttendee", "chime:GetMeeting", "chime:CreateMeeting"},
            id="who host meetings",
        ),
        pytest.param(
            {"PushNotificationsAppArn": EVERYTHING["PushNotificationsAppArn"]},
            {
                *("chime:RegisterAppInstanceUserEndpoint", "chime:DeregisterAppInstanceUserEndpoint"),
                *("chime:DescribeAppInstanceUserEndpoint", "chime:ListAppInstanceUserEndpoints"),
                *("chime:UpdateAppInstanceUserEndpoint", "mobiletargeting:GetApp"),
            },
            id="with push notifications",
        ),
    ],
)
def test_users_may_do_no_more_than_was_chosen(parameters: dict[str, str], more: set[str]) -> None:
    _, statements = deployed(LEAST | parameters)

    assert actions(statements["UserRole"]) == MINIMAL | more


def test_members_may_do_more_in_channels() -> None:
    _, statements = deployed(LEAST | {"Messaging": "member"})
    more = actions(statements["UserRole"]) - MINIMAL

    assert {"chime:CreateChannel", "chime:RedactChannelMessage", "chime:UpdateChannelReadMarker"} <= more
    assert all("Channel" in action for action in more)


@pytest.mark.parametrize(
    "action",
    [
        *("chime:DeleteMeeting", "chime:ListMeetings", "chime:DeleteAttendee", "chime:CreateAppInstanceUser"),
        *("chime:UpdateAppInstanceUser", "chime:DeleteAppInstanceUser", "chime:CreateAppInstanceAdmin"),
        *("chime:PutMessagingStreamingConfigurations", "chime:AssociateChannelFlow", "sts:AssumeRole"),
    ],
)
def test_no_user_may_administer(action: str, everything: Statements) -> None:
    assert action not in actions(everything["UserRole"])


def test_aws_understands_every_policy() -> None:
    assert judge.findings() == []


def test_every_action_that_a_document_names_is_one_of_aws_s() -> None:
    text = "".join(page.read_text() for page in [*DOCS.glob("*.md"), TEMPLATE.parent / "README.md"])
    named = set(re.findall(r"`([a-z0-9-]+:[A-Z][A-Za-z]+)`", text))

    assert len(named) > 50
    assert {action for action in named if not is_known(action)} == set()


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_no_action_has_a_wildcard(parameters: dict[str, str]) -> None:
    _, statements = deployed(parameters)

    assert [action for role in statements.values() for action in actions(role) if "*" in action] == []


def test_what_may_be_done_to_everything_knows_no_resource(everything: Statements) -> None:
    unbounded = {
        action
        for statements in everything.values()
        for statement in statements
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }

    assert {action for action in unbounded if types_of(action)} == set()


def test_every_wildcard_resource_is_explained_beside_it() -> None:
    lines = TEMPLATE.read_text().splitlines()
    wild = [line for line in lines if re.search(r'Resource: "\*"', line)]

    assert wild
    assert [line for line in wild if "#" not in line] == []


def test_users_act_as_themselves_alone(everything: Statements) -> None:
    for statement in everything["UserRole"]:
        users = [resource for resource in statement["Resource"] if "/user/" in resource]
        if statement["Action"] == ["chime:ListAppInstanceUsers"]:
            continue
        assert all(resource.endswith(PINNED) for resource in users), statement


def test_every_action_in_channels_names_the_one_who_acts(everything: Statements) -> None:
    for statement in everything["UserRole"]:
        if any("/channel/" in resource for resource in statement["Resource"]):
            assert any(resource.endswith(PINNED) for resource in statement["Resource"])


def test_given_app_instance_is_the_one_that_is_meant() -> None:
    deployment, statements = deployed(EVERYTHING | {"AppInstanceName": "", "ChimeAppInstanceArn": APP_INSTANCE})
    named = {
        resource
        for role in statements.values()
        for statement in role
        for resource in as_list(statement["Resource"])
        if ":app-instance/" in resource
    }

    assert deployment.functions["SigninFunction"].environment["CHIME_APP_INSTANCE_ARN"] == APP_INSTANCE
    assert named == {APP_INSTANCE, *(f"{APP_INSTANCE}/{part}" for part in ("user/*", "channel/*", PINNED))}


def test_created_app_instance_is_the_one_that_is_meant() -> None:
    deployment, _ = deployed(LEAST)
    arn = deployment.functions["SigninFunction"].environment["CHIME_APP_INSTANCE_ARN"]

    assert re.fullmatch(rf"arn:aws:chime:us-east-1:{ACCOUNT}:app-instance/[0-9a-f-]{{36}}", arn)


@pytest.mark.parametrize("role", ["AuthorizerFunctionRole", "SigninFunctionRole", "UserRole"])
def test_the_role_s_tables_have_what_it_may_do_and_no_more(role: str) -> None:
    (section,) = re.findall(rf"^## [^\n]*`{role}`(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    written = re.findall(r"^\| `([a-z0-9-]+:[A-Za-z]+)` \|", section, re.MULTILINE)
    granted = {action for parameters in SETS.values() for action in actions(deployed(parameters)[1][role])}

    assert sorted(written) == sorted(granted)
