"""People erased by the command that operators type, on the local AWS with its policies in force."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.cloudformation.deployment import STACK_NAME
from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import ROOT, Client, aws
from tests.end_to_end.conversation import Conversation
from tests.end_to_end.operators import (
    PAUSE,
    assert_refused,
    command,
    environment,
    finish,
    may_act,
    owner,
    restore,
    revoke,
    signed_in,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = f"/chime-signin/{STACK_NAME}/revoked-users"
LOCAL = {"ENV": "local", "AWS_SAM_STACK_NAME": None, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
KEPT_OUT = {**LOCAL, "KEEP_OUT": "1"}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    parameters = {"Revocation": "true", "Messaging": "member"}
    settings = {"REVOKED_USERS_SECONDS": "0"}
    with LocalStack(StackOptions(parameters=parameters, settings=settings, log=logs.append)) as running:
        yield running


def erase(stack: LocalStack, user: str, variables: dict[str, str | None]) -> tuple[int, str]:
    return finish(
        start(stack, "erase", user, "--confirm", user, "--pause", PAUSE, "--wait", PAUSE, variables=variables)
    )


def exists(stack: LocalStack, session: dict[str, Any]) -> bool:
    try:
        owner(stack, "chime-sdk-identity").describe_app_instance_user(
            AppInstanceUserArn=session["ChimeAppInstanceUserArn"]
        )
    except ClientError:
        return False
    return True


def kept(stack: LocalStack) -> str:
    """Return all policies of the user role, and the list."""
    iam = owner(stack, "iam")
    role = stack.endpoint.roles["UserRole"].rpartition("/")[2]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    try:
        users = str(owner(stack, "ssm").get_parameter(Name=LIST)["Parameter"]["Value"])
    except ClientError:
        users = ""
    return json.dumps(policies) + users


def test_ada_is_erased_and_nothing_names_her(stack: LocalStack, client: Client) -> None:
    ada, bob = signed_in(client, "ada"), signed_in(client, "bob")

    status, printed = erase(stack, "ada", LOCAL)

    assert status == 0, printed
    assert not exists(stack, ada)
    assert '"ada"' not in kept(stack)
    assert exists(stack, bob)
    assert may_act(stack, bob)
    told = ["messages", "CloudTrail", "SHA-256", "identity provider", "A later sign-in of theirs makes a new user"]
    assert [word for word in told if word not in printed] == []


def test_channels_no_longer_list_her_and_her_messages_stay(stack: LocalStack, client: Client) -> None:
    lea, mia = signed_in(client, "lea", name="Lea"), signed_in(client, "mia")
    chime = aws(stack, "chime-sdk-messaging", mia["ChimeCredentials"])
    bearer = {"ChimeBearer": mia["ChimeAppInstanceUserArn"]}
    channels = [
        chime.create_channel(
            AppInstanceArn=mia["ChimeAppInstanceArn"],
            Name=name,
            ClientRequestToken=name,
            MemberArns=[lea["ChimeAppInstanceUserArn"], mia["ChimeAppInstanceUserArn"]],
            **bearer,
        )["ChannelArn"]
        for name in ("hall", "garden")
    ]
    aws(stack, "chime-sdk-messaging", lea["ChimeCredentials"]).send_channel_message(
        ChannelArn=channels[0],
        Content="Hello",
        Type="STANDARD",
        Persistence="PERSISTENT",
        ClientRequestToken="hello",
        ChimeBearer=lea["ChimeAppInstanceUserArn"],
    )

    status, printed = erase(stack, "lea", LOCAL)

    assert status == 0, printed
    assert "Channels that lea has left: 2." in printed
    for channel in channels:
        memberships = chime.list_channel_memberships(ChannelArn=channel, **bearer)["ChannelMemberships"]
        assert [one["Member"]["Arn"] for one in memberships] == [mia["ChimeAppInstanceUserArn"]]
    [message] = chime.list_channel_messages(ChannelArn=channels[0], **bearer)["ChannelMessages"]
    assert message["Sender"] == {"Arn": lea["ChimeAppInstanceUserArn"], "Name": "Lea"}


def test_later_sign_in_makes_a_new_user_without_what_the_old_one_had(stack: LocalStack, client: Client) -> None:
    carol = signed_in(client, "carol", name="Carol")
    owner(stack, "chime-sdk-identity").update_app_instance_user(
        AppInstanceUserArn=carol["ChimeAppInstanceUserArn"], Name="Carol", Metadata="vip"
    )
    assert erase(stack, "carol", LOCAL)[0] == 0

    again = signed_in(client, "carol", name="Carol")

    user = owner(stack, "chime-sdk-identity").describe_app_instance_user(
        AppInstanceUserArn=again["ChimeAppInstanceUserArn"]
    )["AppInstanceUser"]
    assert again["ChimeAppInstanceUserArn"] == carol["ChimeAppInstanceUserArn"]
    assert not user.get("Metadata")
    assert may_act(stack, again)


def test_old_session_is_denied_even_if_the_user_is_there_again(stack: LocalStack, client: Client) -> None:
    dave = signed_in(client, "dave")
    running = start(stack, "erase", "dave", "--confirm", "dave", "--wait", "60", variables=LOCAL)
    assert running.stdout
    assert any("Waiting until" in line for line in running.stdout)

    again = signed_in(client, "dave")
    acts = (may_act(stack, dave), may_act(stack, again))
    running.send_signal(signal.SIGINT)
    complained = running.communicate(timeout=60)[1]

    assert acts == (False, True)
    assert running.returncode == 130
    assert complained == "Stopped. The same command again does what is left.\n"
    assert erase(stack, "dave", LOCAL)[0] == 0
    assert '"dave"' not in kept(stack)
    assert not exists(stack, dave)


def test_whoever_is_kept_out_is_refused_and_only_the_list_names_them(stack: LocalStack, client: Client) -> None:
    erin = signed_in(client, "erin")

    status, printed = erase(stack, "erin", KEPT_OUT)

    assert status == 0, printed
    assert "refused (403, revoked)" in printed
    assert_refused(client.sign_in(client.token(sub="erin")))
    assert not exists(stack, erin)
    assert kept(stack).count('"erin"') == 1
    status, printed = erase(stack, "erin", KEPT_OUT)
    assert (status, printed.splitlines()[-1]) == (0, "Done. Only the list of revoked users names erin.")
    restore(stack, "erin")


def test_revoked_user_is_erased_as_the_operator_says(stack: LocalStack, client: Client) -> None:
    frank = signed_in(client, "frank")
    revoke(stack, "frank")

    status, printed = erase(stack, "frank", LOCAL)
    assert status == 1
    assert "frank is revoked. Say KEEP_OUT=1" in printed
    assert exists(stack, frank)

    status, printed = erase(stack, "frank", {**LOCAL, "KEEP_OUT": "0"})
    assert status == 0, printed
    assert "of them have the id" in printed
    assert '"frank"' not in kept(stack)


def test_user_who_is_only_deleted_in_chime_can_do_nothing(stack: LocalStack, client: Client) -> None:
    """A user who was deleted by other means: what credentials of theirs are worth."""
    gina = signed_in(client, "gina")
    owner(stack, "chime-sdk-identity").delete_app_instance_user(AppInstanceUserArn=gina["ChimeAppInstanceUserArn"])
    chime = aws(stack, "chime-sdk-messaging", gina["ChimeCredentials"])

    with pytest.raises(ClientError, match="Forbidden"):
        chime.create_channel(
            AppInstanceArn=gina["ChimeAppInstanceArn"],
            Name="hall",
            ClientRequestToken="hall",
            ChimeBearer=gina["ChimeAppInstanceUserArn"],
        )


@pytest.mark.parametrize(
    ("user", "words"),
    [
        pytest.param("nobody", "Chime knows no user nobody", id="an id that nobody has"),
        pytest.param("a b", "is no ChimeUserId", id="what is no id"),
    ],
)
def test_unknown_id_changes_nothing(stack: LocalStack, client: Client, user: str, words: str) -> None:
    status, printed = erase(stack, user, KEPT_OUT)

    assert status == 1
    assert words in printed
    assert not {"PutParameter", "PutRolePolicy", "DeleteAppInstanceUser"} & {c["operation"] for c in client.calls()}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param("ForbiddenException", "Chime knows no user oda", id="missing, as one document has it"),
        pytest.param("NotFoundException", "Chime knows no user oda", id="missing, as another has it"),
        pytest.param("AccessDeniedException", "docs/permissions.md has it under Operators", id="not allowed"),
        pytest.param("ServiceFailureException", "DescribeAppInstanceUser", id="an outage"),
    ],
)
def test_user_whom_chime_does_not_show_is_not_erased(stack: LocalStack, client: Client, error: str, words: str) -> None:
    oda = signed_in(client, "oda")
    client.fault("DescribeAppInstanceUser", error=error, times=-1)

    status, printed = erase(stack, "oda", LOCAL)

    assert status == 1
    assert words in printed
    client.control("DELETE", "aws", "/local/faults")
    assert exists(stack, oda)
    assert may_act(stack, oda)


def test_administrator_is_not_erased_until_that_is_taken_away(stack: LocalStack, client: Client) -> None:
    root = signed_in(client, "root")
    admin = {
        "AppInstanceArn": root["ChimeAppInstanceArn"],
        "AppInstanceAdminArn": root["ChimeAppInstanceUserArn"],
    }
    identity = owner(stack, "chime-sdk-identity")
    identity.create_app_instance_admin(**admin)

    status, printed = erase(stack, "root", LOCAL)
    assert status == 1
    assert "delete-app-instance-admin --app-instance-arn" in printed
    assert exists(stack, root)

    identity.delete_app_instance_admin(**admin)
    assert erase(stack, "root", LOCAL)[0] == 0


def test_without_a_terminal_the_id_has_to_be_said(stack: LocalStack, client: Client) -> None:
    hugo = signed_in(client, "hugo")

    for variables in (LOCAL, {**LOCAL, "CONFIRM": "Hugo"}):
        status, printed = finish(start(stack, "erase", "hugo", "--wait", PAUSE, typed="hugo\n", variables=variables))
        assert status == 1
        assert "say CONFIRM=hugo" in printed
        assert exists(stack, hugo)

    confirmed = {**LOCAL, "CONFIRM": "hugo"}
    assert finish(start(stack, "erase", "hugo", "--wait", PAUSE, variables=confirmed))[0] == 0
    assert not exists(stack, hugo)


def test_at_a_terminal_the_id_is_asked_once_more(stack: LocalStack, client: Client) -> None:
    ivan = signed_in(client, "ivan")
    typing = command("erase", "ivan", "--wait", PAUSE)

    mistyped = Conversation(typing, ROOT, environment(stack, LOCAL))
    mistyped.answer("Type the id once more to erase ivan: ", "Ivan")
    assert mistyped.finish() == 1
    assert exists(stack, ivan)

    typed = Conversation(typing, ROOT, environment(stack, LOCAL))
    typed.answer("Type the id once more to erase ivan: ", "ivan")
    assert typed.finish() == 0, typed.shown
    assert not exists(stack, ivan)


def test_hour_cannot_be_shortened_on_aws(stack: LocalStack, client: Client) -> None:
    judy = signed_in(client, "judy")

    status, printed = finish(start(stack, "erase", "judy", "--confirm", "judy", "--wait", "1"))

    assert status == 1
    assert "--wait is for rehearsals on the local stack" in printed
    assert exists(stack, judy)


def test_full_list_keeps_nobody_from_being_erased_half(stack: LocalStack, client: Client) -> None:
    noa = signed_in(client, "noa")
    full = json.dumps([f"{number:036d}" for number in range(210)], separators=(",", ":"))
    owner(stack, "ssm").put_parameter(Name=LIST, Value=full, Type="String", Tier="Intelligent-Tiering", Overwrite=True)

    status, printed = erase(stack, "noa", KEPT_OUT)

    assert status == 1
    assert "The list is full" in printed
    assert exists(stack, noa)
    assert may_act(stack, noa)
    owner(stack, "ssm").put_parameter(Name=LIST, Value="[]", Type="String", Overwrite=True)


@pytest.mark.parametrize(
    ("operation", "is_there"),
    [
        pytest.param("PutRolePolicy", True, id="IAM"),
        pytest.param("DeleteAppInstanceUser", True, id="Chime"),
        pytest.param("DeleteRolePolicy", False, id="IAM at the end"),
    ],
)
def test_run_that_fails_half_way_is_finished_by_the_next(
    stack: LocalStack, client: Client, operation: str, *, is_there: bool
) -> None:
    kim = signed_in(client, "kim")
    client.fault(operation, error="ServiceUnavailable", status=503, times=-1)

    status, printed = erase(stack, "kim", LOCAL)

    assert status == 1
    assert "the same command again does what is left" in printed
    assert exists(stack, kim) is is_there
    client.control("DELETE", "aws", "/local/faults")
    assert erase(stack, "kim", LOCAL)[0] == 0
    assert not exists(stack, kim)
    assert '"kim"' not in kept(stack)
