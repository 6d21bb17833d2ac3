"""Users revoked and restored by the command that operators type, on the local AWS with its policies in force."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest
from botocore.exceptions import ClientError

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import STACK_NAME
from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import Client, aws
from tests.end_to_end.operators import PAUSE, assert_refused, finish, may_act, owner, restore, revoke, signed_in, start

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = f"/chime-signin/{STACK_NAME}/revoked-users"
MODERATOR = f"arn:aws:iam::{ACCOUNT}:role/staff/Moderator"
ANYONE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
ANYTHING = {"Effect": "Allow", "Action": "chime:*", "Resource": "*"}


class Graded(LocalStack):
    """A stack in which tokens may name another user role."""

    def _provider(self) -> dict[str, Any]:
        return super()._provider() | {"user_roles": "Moderator", "user_roles_claim": "groups"}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    parameters = {"Revocation": "true", "UserRoleArns": MODERATOR}
    with Graded(
        StackOptions(parameters=parameters, settings={"REVOKED_USERS_SECONDS": "0"}, log=logs.append)
    ) as running:
        owner(running, "iam").create_role(Path="/staff/", RoleName="Moderator", AssumeRolePolicyDocument=policy(ANYONE))
        owner(running, "iam").put_role_policy(RoleName="Moderator", PolicyName="may", PolicyDocument=policy(ANYTHING))
        yield running


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_ada_is_revoked_and_restored_and_bob_notices_nothing(stack: LocalStack, client: Client) -> None:
    ada, bob = signed_in(client, "ada"), signed_in(client, "bob")
    assert may_act(stack, ada)

    revoke(stack, "ada")

    assert not may_act(stack, ada)
    assert_refused(client.sign_in(client.token(sub="ada")))
    assert may_act(stack, bob)
    assert may_act(stack, signed_in(client, "bob"))

    restore(stack, "ada")

    assert may_act(stack, signed_in(client, "ada"))
    assert may_act(stack, ada)


def test_revoked_user_is_turned_away_before_anything_else(stack: LocalStack, client: Client) -> None:
    revoke(stack, "carol")
    client.control("DELETE", "aws", "/local/calls")

    assert_refused(client.sign_in(client.token(sub="carol")))

    assert [call["operation"] for call in client.calls()] == ["GetParameter"]


def test_stack_without_rooms_is_asked_for_none(stack: LocalStack, client: Client) -> None:
    client.control("DELETE", "aws", "/local/calls")

    revoke(stack, "rosa")

    asked = {call["operation"] for call in client.calls()}
    assert "PutRolePolicy" in asked
    assert not asked & {"Scan", "ListAttendees", "DeleteAttendee"}


def test_sessions_from_after_a_restore_outlive_the_next_run_for_others(stack: LocalStack, client: Client) -> None:
    revoke(stack, "dave")
    restore(stack, "dave")
    dave = signed_in(client, "dave")

    revoke(stack, "erin")

    assert may_act(stack, dave)


def test_session_of_another_user_role_is_denied_too(stack: LocalStack, client: Client) -> None:
    moe = signed_in(client, "moe", groups=["Moderator"])
    assert aws(stack, "sts", moe["ChimeCredentials"]).get_caller_identity()["Arn"].endswith("/Moderator/chime_moe")
    assert may_act(stack, moe)

    revoke(stack, "moe")

    assert not may_act(stack, moe)


def test_two_runs_at_once_lose_no_change(stack: LocalStack, client: Client) -> None:
    people = {name: signed_in(client, name) for name in ("gina", "hugo")}

    running = [start(stack, "revoke", name, "--pause", PAUSE) for name in people]
    assert [finish(each)[0] for each in running] == [0, 0]

    for name, session in people.items():
        assert_refused(client.sign_in(client.token(sub=name)))
        assert not may_act(stack, session)


def test_three_runs_at_once_lose_no_restore(stack: LocalStack, client: Client) -> None:
    people = {name: signed_in(client, name) for name in ("kim", "lea", "max")}
    revoke(stack, "kim")
    # Slow, so that they overlap. Every order of their calls is tried by tests/unit/test_operations_at_once.py.
    client.fault("PutParameter", delay_ms=1000, times=3)

    runs = [("restore", "kim"), ("revoke", "lea", "--pause", PAUSE), ("revoke", "max", "--pause", PAUSE)]
    assert [finish(each) for each in [start(stack, *run) for run in runs]] == [(0, ANY)] * 3

    assert client.sign_in(client.token(sub="kim")).status == 200
    assert may_act(stack, people["kim"])
    for name in ("lea", "max"):
        assert_refused(client.sign_in(client.token(sub=name)))
        assert not may_act(stack, people[name])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"error": "AccessDeniedException", "status": 400}, id="denied"),
        pytest.param({"error": "InternalServerError", "status": 500}, id="failing"),
    ],
)
def test_list_that_cannot_be_read_is_an_outage(client: Client, fault: dict[str, Any]) -> None:
    client.fault("GetParameter", times=-1, **fault)

    answer = client.sign_in(client.token(sub="bob"))

    assert (answer.status, answer.body["error"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert not {"AssumeRole", "DescribeAppInstanceUser"} & {call["operation"] for call in client.calls()}


def test_role_without_room_is_named_and_new_sign_ins_are_refused_all_the_same(
    stack: LocalStack, client: Client
) -> None:
    client.fault("PutRolePolicy", error="LimitExceededException", times=-1)

    status, printed = finish(start(stack, "revoke", "ivan", "--pause", PAUSE))

    assert status == 1
    assert "10,240 characters" in printed
    assert_refused(client.sign_in(client.token(sub="ivan")))


@pytest.mark.parametrize(
    ("operation", "done", "left"),
    [
        pytest.param("PutRolePolicy", "Revoked: nina.", "sessions of the roles named here go on", id="IAM"),
        pytest.param("PutParameter", "", "Not done, or not for certain: refusing their sign-ins", id="Parameter Store"),
    ],
)
def test_run_that_is_half_done_says_what_is_left_and_the_next_one_finishes_it(
    stack: LocalStack, client: Client, operation: str, done: str, left: str
) -> None:
    nina = signed_in(client, "nina")
    client.fault(operation, error="ServiceUnavailable", status=503, times=-1)

    status, printed = finish(start(stack, "revoke", "nina", "--pause", PAUSE))

    assert status == 1
    assert done in printed
    assert left in printed
    assert "the same command again does what is left" in printed
    assert may_act(stack, nina)

    client.control("DELETE", "aws", "/local/faults")
    revoke(stack, "nina")
    assert_refused(client.sign_in(client.token(sub="nina")))
    assert not may_act(stack, nina)
    restore(stack, "nina")


def test_sessions_are_denied_even_if_old_policies_cannot_be_deleted(stack: LocalStack, client: Client) -> None:
    otto = signed_in(client, "otto")
    client.fault("ListRolePolicies", error="ServiceUnavailable", status=503, times=-1)

    revoke(stack, "otto")

    assert not may_act(stack, otto)


def test_restore_that_is_half_done_says_so(stack: LocalStack, client: Client) -> None:
    pia = signed_in(client, "pia")
    revoke(stack, "pia")
    client.fault("DeleteRolePolicy", error="ServiceUnavailable", status=503, times=-1)

    status, printed = finish(start(stack, "restore", "pia"))

    assert status == 1
    assert "Restored, within 30 s: pia." in printed
    assert "still deny their earlier sessions" in printed
    client.control("DELETE", "aws", "/local/faults")
    restore(stack, "pia")
    assert may_act(stack, pia)


def test_run_that_is_interrupted_says_how_to_go_on(stack: LocalStack) -> None:
    running = start(stack, "revoke", "quin", "--pause", "60")
    assert running.stdout
    heard = [running.stdout.readline() for _ in range(3)]  # stack, list, pause

    running.send_signal(signal.SIGINT)
    complained = running.communicate(timeout=60)[1]

    assert "Waiting" in heard[-1]
    assert running.returncode == 130
    assert complained == "Stopped. The same command again does what is left.\n"
    restore(stack, "quin")


def test_it_is_printed_who_is_revoked(stack: LocalStack) -> None:
    revoke(stack, "judy")

    status, printed = finish(start(stack, "revoked"))

    assert status == 0
    assert "judy" in printed.splitlines()[1]
    assert "UserRole" in printed
    assert "Moderator denies sessions issued before" in printed


def test_function_may_read_its_list_and_do_nothing_else_with_it(stack: LocalStack) -> None:
    function = aws(stack, "ssm", stack.endpoint.credentials("SigninFunctionRole"))

    assert function.get_parameter(Name=LIST)
    with pytest.raises(ClientError, match="AccessDenied"):
        function.get_parameter(Name="/chime-signin/other/revoked-users")
    with pytest.raises(ClientError, match="AccessDenied"):
        function.put_parameter(Name=LIST, Value="[]", Type="String", Overwrite=True)
    with pytest.raises(ClientError, match="AccessDenied"):
        function.delete_parameter(Name=LIST)
