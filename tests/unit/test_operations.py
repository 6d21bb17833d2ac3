"""Revoking users, with our own list, roles and clock: in which order, and what happens when two run at once."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from local.cloudformation.template import translate
from local.stack import TEMPLATE
from operations.deny_policies import DenyPolicy, is_deny_policy, is_over
from operations.errors import OperationError
from operations.revocation import PAUSE_SECONDS
from operations.revoked_users import (
    MAX_LENGTH,
    checked,
    serialized,
)
from signin.deadline import SECONDS
from signin.revocation import MAX_AGE_SECONDS
from tests.operators_world import START, Role, World, revocation
from tests.translated import LEAST


def test_list_comes_first_and_the_deny_when_no_process_uses_an_older_one() -> None:
    world = World()
    role, other = Role(world), Role(world, "Moderator")

    revocation(world, role, other).revoke(["ada"])

    assert world.log == ["list", "pause 45", "deny UserRole", "deny Moderator"]
    assert world.users() == {"ada"}
    assert role.denied() == other.denied() == {"ada": START + timedelta(seconds=45)}


@pytest.mark.parametrize("name", ["SigninFunction", "RoomsFunction"])
def test_pause_is_longer_than_a_list_is_cached_and_a_request_takes(name: str) -> None:
    function = translate(TEMPLATE, LEAST, "us-east-1")["Resources"][name]
    deployed = float(function["Properties"]["Environment"]["Variables"]["REVOKED_USERS_SECONDS"])

    assert max(deployed, MAX_AGE_SECONDS) + SECONDS + 5 <= PAUSE_SECONDS


def test_redeploying_restores_nobody_as_the_list_is_no_resource_of_the_template() -> None:
    resources = translate(TEMPLATE, {**LEAST, "Revocation": "true"}, "us-east-1")["Resources"]

    naming = {name for name, resource in resources.items() if "revoked-users" in json.dumps(resource)}

    assert naming == {
        *("RoomsFunction", "RoomsFunctionMayReadRevokedUsers"),
        *("SigninFunction", "SigninFunctionMayReadRevokedUsers"),
    }
    assert not [name for name, resource in resources.items() if resource["Type"] == "AWS::SSM::Parameter"]


def test_deny_is_on_everything_for_the_user_s_tag_and_earlier_sessions() -> None:
    assert json.loads(DenyPolicy.of(frozenset({"bob", "ada"}), START).document()) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "StringEquals": {"aws:PrincipalTag/UserUUID": ["ada", "bob"]},
                    "DateLessThan": {"aws:TokenIssueTime": "2027-01-15T08:00:00Z"},
                },
            }
        ],
    }


def test_deny_policy_is_read_as_it_was_written() -> None:
    policy = DenyPolicy.of(frozenset({"ada"}), START)

    assert DenyPolicy.read(policy.name, json.loads(policy.document())) == policy


@pytest.mark.parametrize(
    ("part", "spoilt"),
    [
        pytest.param("Statement", [], id="no statement"),
        pytest.param("Statement", {"Effect": "Deny"}, id="one that is no list"),
        pytest.param("Condition", {}, id="no condition"),
        pytest.param("StringEquals", {"aws:PrincipalTag/UserUUID": "ada"}, id="a user who is no list"),
        pytest.param("StringEquals", {"aws:PrincipalTag/UserUUID": ["ada", 7]}, id="a user who is no text"),
        pytest.param("DateLessThan", {"aws:TokenIssueTime": "soon"}, id="no time"),
        pytest.param("DateLessThan", {"aws:TokenIssueTime": ["2027-01-15T08:00:00Z"]}, id="a list of times"),
        pytest.param("Action", "chime:*", id="another action"),
    ],
)
def test_policy_that_somebody_else_has_changed_is_named_and_neither_misread_nor_rewritten(
    part: str, spoilt: object
) -> None:
    world = World()
    role, other = Role(world, "Moderator"), Role(world)
    ours = revocation(world, role, other)
    ours.revoke(["ada"])
    [name] = role.policies
    document = json.loads(role.policies[name])
    [statement] = document["Statement"]
    holder = next(each for each in (document, statement, statement["Condition"]) if part in each)
    holder[part] = spoilt
    role.policies[name] = json.dumps(document)

    with pytest.raises(OperationError, match=f"Moderator: {name} is not as make revoke wrote it"):
        ours.restore(["ada"])
    assert role.policies == {name: json.dumps(document)}
    assert other.policies == {}
    with pytest.raises(OperationError, match=f"Moderator: {name} is not as make revoke wrote it"):
        ours.show()


def test_names_of_policies_are_ones_that_iam_takes() -> None:
    assert re.fullmatch(r"[\w+=,.@-]{1,128}", DenyPolicy.of(frozenset({"ada"}), START).name)


def test_repeated_run_changes_nothing_and_waits_only_for_what_is_left() -> None:
    world = World()
    role = Role(world)
    revocation(world, role).revoke(["ada"])
    world.now = world.written_at + timedelta(seconds=10)  # as if the first run had been stopped
    world.log.clear()

    revocation(world, role).revoke(["ada"])
    revocation(world, role).revoke(["ada"])

    assert world.log == ["pause 35", "deny UserRole", "deny UserRole"]
    assert len(world.versions) == 1
    assert role.denied() == {"ada": START + timedelta(seconds=45)}


def test_several_users_share_one_policy() -> None:
    world = World()
    role = Role(world)

    revocation(world, role).revoke([f"{number:036}" for number in range(150)])

    [document] = role.policies.values()
    assert len(document) < 10_240 - 3_000


@pytest.mark.parametrize(
    ("hours", "denied"),
    [
        pytest.param(0.9, {"ada", "bob"}, id="while a session of that time may exist"),
        pytest.param(1.0, {"bob"}, id="when none can exist"),
    ],
)
def test_deny_policies_that_are_of_no_use_any_more_are_pruned(hours: float, denied: set[str]) -> None:
    world = World()
    role = Role(world)
    revocation(world, role).revoke(["ada"])
    world.now += timedelta(hours=hours)

    revocation(world, role).revoke(["bob"])

    assert role.denied().keys() == denied
    assert world.users() == {"ada", "bob"}


def test_restoring_prunes_too() -> None:
    world = World()
    role = Role(world)
    revocation(world, role).revoke(["ada"])
    world.now += timedelta(hours=1)

    revocation(world, role).restore(["bob"])

    assert role.policies == {}


@pytest.mark.parametrize(
    "name",
    ["Messaging", "RevokedUsers", "RevokedUsers-", "RevokedUsers-today-12345678", "20270115T080000Z-12345678"],
)
def test_policies_of_others_are_left_alone(name: str) -> None:
    assert not is_deny_policy(name)
    assert not is_over(name, START + timedelta(days=9999))


def test_restored_user_is_off_the_list_and_denied_nothing_and_the_others_stay() -> None:
    world = World()
    role = Role(world)
    revocation(world, role).revoke(["ada", "bob"])
    revocation(world, role).revoke(["ada"])

    revocation(world, role).restore(["ada"])

    assert world.users() == {"bob"}
    assert role.denied().keys() == {"bob"}
    assert len(role.policies) == 1


def test_user_who_was_not_revoked_can_be_restored() -> None:
    world = World()

    revocation(world, Role(world)).restore(["ada"])

    assert world.versions == []


def test_list_that_was_overwritten_during_the_pause_is_written_again() -> None:
    world = World()
    role = Role(world)
    world.during_pause = [lambda: world.write(frozenset({"bob"}), base=0)]

    revocation(world, role).revoke(["ada"])

    assert world.users() == {"ada", "bob"}
    assert role.denied() == {"ada": START + timedelta(seconds=90)}


def test_role_that_cannot_be_changed_does_not_stop_the_others() -> None:
    world = World()
    broken, role = Role(world, "Moderator", failure="AccessDenied"), Role(world)

    with pytest.raises(OperationError, match="Moderator: AccessDenied"):
        revocation(world, broken, role).revoke(["ada"])
    assert role.denied().keys() == {"ada"}


@pytest.mark.parametrize("user", ["auth0|ada", "", "-ada", "ada lovelace", "a" * 59, "ada*", "${aws:userid}", 'a"b'])
def test_what_is_no_id_changes_nothing(user: str) -> None:
    world = World()

    with pytest.raises(OperationError, match="is no ChimeUserId"):
        revocation(world, Role(world)).revoke(["bob", user])
    assert world.log == []


def test_command_without_a_user_is_refused() -> None:
    with pytest.raises(OperationError, match="Say whom"):
        checked([])


def test_every_id_that_sign_in_gives_can_be_revoked() -> None:
    ids = ["ada", "ada@example.com", "8a6ac6dc-5d5b-4a9c-8d0b-0123456789ab", "a" * 58, "hash-" + "a" * 52]
    assert checked(ids) == set(ids)


def test_list_that_is_full_says_so() -> None:
    with pytest.raises(OperationError, match=r"is full.*It was not written.*Restore 1 whom"):
        serialized(frozenset(f"{number:036}" for number in range(211)))
    assert len(serialized(frozenset(f"{number:036}" for number in range(209)))) <= MAX_LENGTH


def test_what_was_done_and_what_is_out_of_reach_is_printed() -> None:
    world = World()

    revocation(world, Role(world)).revoke(["ada"])

    assert world.printed[:2] == [
        "Revoked: ada.",
        "Waiting 45 s, until no process of the function uses an older list.",
    ]
    assert "Out of reach" in world.printed[-1]


def test_revoked_users_are_printed() -> None:
    world = World()
    ours = revocation(world, Role(world))
    ours.revoke(["ada"])
    world.printed.clear()

    ours.show()

    assert world.printed == [
        "Revoked: ada.",
        "The list has room for about 1364 more.",
        "UserRole denies sessions issued before 2027-01-15T08:00:45+00:00: ada.",
    ]
