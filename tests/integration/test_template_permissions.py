"""Who may do what once template.yaml is deployed: the least that is needed, pinned to one user where Chime can."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from local.aws.policies import documents
from local.aws.policies.evaluation import Access, Decision, decide
from local.stack import TEMPLATE
from operations.deny_policies import DenyPolicy
from tests.reference import as_list, is_known, types_of
from tests.translated import (
    ACCOUNT,
    APP_INSTANCE,
    EVERYTHING,
    KEY,
    LEAST,
    REGION,
    SECRET,
    SETS,
    Translated,
    deployed,
    source,
)

DOCS = TEMPLATE.parent / "docs"
OPERATING = (DOCS / "operating.md").read_text()
PAGE = (DOCS / "permissions.md").read_text()
PINNED = "user/${aws:PrincipalTag/UserUUID}"
MINIMAL = {
    *("chime:GetMessagingSessionEndpoint", "chime:Connect", "chime:DescribeAppInstanceUser", "chime:DescribeChannel"),
    *("chime:DescribeChannelMembershipForAppInstanceUser", "chime:DescribeChannelModeratedByAppInstanceUser"),
    *("chime:GetChannelMessage", "chime:ListChannelMembershipsForAppInstanceUser", "chime:ListChannelMessages"),
    *("chime:ListChannels", "chime:ListChannelsModeratedByAppInstanceUser", "chime:SendChannelMessage"),
}
"""The developer guide's example of minimal access, and one's own name."""
NOT_OF_GUESTS = {
    *("chime:ListChannels", "chime:ListChannelsModeratedByAppInstanceUser"),
    "chime:DescribeChannelModeratedByAppInstanceUser",
}
"""What of that is for those who find channels, and who moderate them."""
CHECKED_BY_LAMBDA: dict[str, tuple[str, ...]] = {
    "Tracing": ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    "DeadLetterQueue": ("sqs:SendMessage", "sns:Publish"),
    "EventInvokeConfig": ("sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction", "events:PutEvents"),
    "FileSystemConfigs": ("elasticfilesystem:ClientMount",),
    "VpcConfig": ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"),
}
"""
What a role must be allowed before Lambda creates or changes its function, by SAM's property that asks for it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html, and refusals of CreateFunction in
public reports ("The provided execution role does not have permissions to call PutTraceSegments on XRAY").
"""
Statements = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def everything() -> Statements:
    """Return what each role is allowed with everything that is optional."""
    return {role: allowing(statements) for role, statements in deployed(EVERYTHING)[1].items()}


def allowing(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [statement for statement in statements if statement["Effect"] == "Allow"]


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for statement in allowing(statements) for action in statement["Action"]}


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        pytest.param({}, set(), id="by default"),
        pytest.param({"ContactList": "true"}, {"chime:ListAppInstanceUsers"}, id="with the contact list"),
        pytest.param({"Meetings": "open"}, set(), id="with open rooms"),
        pytest.param({"Meetings": "hosted"}, set(), id="with hosted rooms"),
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
        *("chime:CreateMeeting", "chime:GetMeeting", "chime:DeleteMeeting", "chime:ListMeetings"),
        *("chime:CreateAttendee", "chime:DeleteAttendee", "chime:ListAttendees", "chime:CreateAppInstanceUser"),
        *("chime:UpdateAppInstanceUser", "chime:DeleteAppInstanceUser", "chime:CreateAppInstanceAdmin"),
        *("chime:PutMessagingStreamingConfigurations", "chime:AssociateChannelFlow", "sts:AssumeRole"),
    ],
)
def test_no_user_may_administer(action: str, everything: Statements) -> None:
    assert action not in actions(everything["UserRole"])


def test_aws_understands_every_policy() -> None:
    # As `make check` asks.
    root = TEMPLATE.parent
    search = {"PYTHONPATH": f"{root / 'signin_function'}:{root}"}
    command = [sys.executable, "-m", "tests.policy_check"]
    done = subprocess.run(command, cwd=root, env=os.environ | search, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_every_action_that_a_document_names_is_one_of_aws_s() -> None:
    text = "".join(page.read_text() for page in [*DOCS.glob("*.md"), TEMPLATE.parent / "README.md"])
    # Without `aws:`, which begins a condition key and no action.
    named = set(re.findall(r"`((?!aws:)[a-z0-9-]+:[A-Z][A-Za-z]+)`", text))

    assert len(named) > 50
    assert {action for action in named if not is_known(action)} == set()


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_no_action_has_a_wildcard(parameters: dict[str, str]) -> None:
    _, statements = deployed(parameters)

    assert [action for role in statements.values() for action in actions(role) if "*" in action] == []


def test_actions_that_are_allowed_on_every_resource_cannot_be_limited(everything: Statements) -> None:
    unbounded = {
        action
        for statements in everything.values()
        for statement in statements
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }

    assert {action for action in unbounded if types_of(action)} == set()


# ── All else is denied ───────────────────────────────────────────────────────────────────────────────

OPTIONS = [
    {},
    *({name: EVERYTHING[name]} for name in ("Messaging", "ContactList", "Meetings", "PushNotificationsAppArn")),
]


@pytest.mark.parametrize("options", [*OPTIONS, {"Meetings": "open"}, *SETS.values()])
def test_users_are_denied_whatever_the_role_does_not_allow(options: dict[str, str]) -> None:
    parameters = options if options in SETS.values() else LEAST | options
    statements = deployed(parameters)[1]["UserRole"]
    (denying,) = [statement for statement in statements if statement["Effect"] == "Deny"]
    added = [action for action in parameters.get("AddedUserActions", "").split(",") if action]

    assert (denying["Resource"], denying.keys() & {"Condition", "NotResource"}) == (["*"], set())
    assert sorted(denying["NotAction"]) == sorted([*actions(statements), *added])


def test_guests_may_do_the_same_whatever_users_may() -> None:
    least, everything = (deployed(each | {"Guests": "true"})[1]["GuestRole"] for each in (LEAST, EVERYTHING))
    (denying,) = [statement for statement in everything if statement["Effect"] == "Deny"]

    assert actions(everything) == actions(least) == MINIMAL - NOT_OF_GUESTS
    assert sorted(denying["NotAction"]) == sorted(actions(everything))
    assert (denying["Resource"], denying.keys() & {"Condition", "NotResource"}) == (["*"], set())


def test_there_is_no_role_of_guests_unless_there_are_guests() -> None:
    deployment, statements = deployed(LEAST)

    assert "GuestRole" not in statements
    assert "chime:PutAppInstanceUserExpirationSettings" not in actions(statements["SigninFunctionRole"])
    assert deployment.functions["SigninFunction"].environment["GUEST_ROLE_ARN"] == ""


@pytest.mark.parametrize(
    ("parameters", "decision"),
    [
        pytest.param({}, Decision.EXPLICIT_DENY, id="by default"),
        pytest.param({"AddedUserActions": "s3:PutObject"}, Decision.EXPLICIT_DENY, id="where another action was added"),
        pytest.param({"AddedUserActions": "s3:PutObject,s3:GetObject"}, Decision.ALLOWED, id="where it was added"),
        pytest.param({"AddedUserActions": "s3:Get*"}, Decision.ALLOWED, id="where a kind of actions was added"),
    ],
)
def test_what_others_allow_to_users_counts_only_if_it_was_added(parameters: dict[str, str], decision: Decision) -> None:
    # A bucket's policy may allow it to everybody of the account; here a policy of the role's stands for that.
    theirs = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    statements = [*deployed(LEAST | parameters)[1]["UserRole"], theirs]
    held = documents.parse(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    asked = Access("s3:GetObject", "arn:aws:s3:::attachments/ada.png", {"aws:principaltag/useruuid": ("ada",)})

    assert decide(held, asked) is decision


def test_the_role_has_room_for_the_runs_of_make_revoke_that_the_document_promises() -> None:
    policies = deployed(EVERYTHING)[1]["UserRole"]
    text = (DOCS / "revocation.md").read_text()
    runs, users = (int(number) for number in re.findall(r"(\d+) runs an hour, or for (\d+) users in one run", text)[0])
    ids = frozenset(f"37e9754f-0bb6-4b5c-8d3e-{number:012}" for number in range(users))
    now = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    one, all_at_once = (len(DenyPolicy.of(named, now).document()) for named in (frozenset([min(ids)]), ids))
    # IAM does not count white space; what stands around the statements of each policy is 40 characters or so.
    held = sum(len(json.dumps(each, separators=(",", ":"))) + 40 for each in policies)

    assert held + runs * one <= 10_240
    assert held + all_at_once <= 10_240


def test_every_wildcard_resource_is_explained_beside_it() -> None:
    lines = TEMPLATE.read_text().splitlines()
    wild = [line for line in lines if re.search(r'Resource: "\*"', line)]

    assert wild
    assert [line for line in wild if "#" not in line] == []


@pytest.mark.parametrize("name", Translated(EVERYTHING).resources("AWS::Lambda::Function"))
def test_what_lambda_checks_when_it_creates_a_function_stands_in_its_role(name: str) -> None:
    function = source()["Globals"]["Function"] | source_of(name)
    role = source_of(function["Role"]["Fn::GetAtt"][0])
    # Written out: under a condition, or in a policy of its own, it would not be there in time, or not at all.
    inline = {
        action
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }

    assert set(CHECKED_BY_LAMBDA) & set(function) == {"Tracing"}
    assert set(CHECKED_BY_LAMBDA["Tracing"]) <= inline
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_policies_that_come_later_are_listed_with_what_fails_until_then() -> None:
    (listed,) = re.findall(r"^## Permissions that come a moment later(.*?)^## ", OPERATING, re.MULTILINE | re.DOTALL)
    separate = {name for one in SETS.values() for name in Translated(one).resources("AWS::IAM::RolePolicy")}

    assert sorted(re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE)) == sorted(separate)


def test_key_is_used_through_the_region_of_the_secret() -> None:
    secret = {"SharedSecretArn": SECRET.replace(REGION, "eu-west-1"), "SharedSecretKeyArn": KEY}
    _, statements = deployed({**LEAST, **secret})
    (decrypting,) = [each for each in statements["AuthorizerFunctionRole"] if each["Action"] == ["kms:Decrypt"]]

    assert decrypting["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}


def source_of(name: str) -> dict[str, Any]:
    """Return the properties of a resource as they are written."""
    properties: dict[str, Any] = source()["Resources"][name]["Properties"]
    return properties


def test_users_act_as_themselves_alone(everything: Statements) -> None:
    for statement in everything["UserRole"] + everything["GuestRole"]:
        users = [resource for resource in statement["Resource"] if "/user/" in resource]
        if statement["Sid"] in ("AllUsersByName", "OfUsersWhoseIdIsKnown"):
            continue  # docs/permissions.md says what these two show of others
        assert all(resource.endswith(PINNED) for resource in users), statement


def test_every_action_in_channels_names_the_one_who_acts(everything: Statements) -> None:
    for statement in everything["UserRole"] + everything["GuestRole"]:
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


FUNCTIONS_ROLES = ["AuthorizerFunctionRole", "SigninFunctionRole", "RoomsFunctionRole"]


@pytest.mark.parametrize("role", [*FUNCTIONS_ROLES, "UserRole", "GuestRole"])
def test_the_role_s_tables_have_what_it_may_do_and_no_more(role: str) -> None:
    (section,) = re.findall(rf"^## [^\n]*`{role}`(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    written = [actions_of(part) for part in section.split("\n### ")]
    granted = {action for parameters in SETS.values() for action in actions(deployed(parameters)[1].get(role, []))}

    assert {action for part in written for action in part} == granted
    # A table has an action once; another table, for another choice, may have it again for other resources.
    assert [action for part in written for action in sorted(set(part)) if part.count(action) > 1] == []


def actions_of(text: str) -> list[str]:
    return re.findall(r"^\| `([a-z0-9-]+:[A-Za-z]+)` \|", text, re.MULTILINE)


def test_rooms_may_do_what_they_do_where_they_do_it(everything: Statements) -> None:
    resources = {
        action: statement["Resource"] for statement in everything["RoomsFunctionRole"] for action in statement["Action"]
    }
    (table,) = resources["dynamodb:GetItem"]

    assert resources["chime:CreateMeeting"] == ["*"]
    assert resources["chime:CreateAttendee"] == [f"arn:aws:chime:{REGION}:{ACCOUNT}:meeting/*"]
    assert {resource for action, [resource] in resources.items() if action.startswith("dynamodb:")} == {table}
    assert re.fullmatch(rf"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/[\w-]+", table)


def test_meetings_are_controlled_in_the_app_instance_s_region() -> None:
    theirs = {**LEAST, "ChimeAppInstanceArn": APP_INSTANCE.replace(REGION, "eu-central-1"), "Meetings": "open"}
    _, statements = deployed(theirs)
    resources = {
        resource
        for statement in statements["RoomsFunctionRole"]
        for resource in statement["Resource"]
        if ":meeting/" in resource
    }

    assert resources == {f"arn:aws:chime:eu-central-1:{ACCOUNT}:meeting/*"}
