"""Erasing a person, with our own list, roles, users and clock: in which order, and what an interrupted run leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.deny_policies import MAX_SESSION, DenyPolicy
from operations.erasure import Erasure, Rhythm
from operations.errors import OperationError
from operations.revoked_users import UserListVersion
from tests.operators_world import START, Role, Users, World, revocation

HOUR = MAX_SESSION.total_seconds()
RHYTHM = Rhythm(pause_seconds=45)
SECOND = timedelta(seconds=1)
"""What AWS counts the issue of a session in: what is issued at START is denied as of the next second."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def role(world: World) -> Role:
    return Role(world)


def erase(
    world: World,
    users: Users,
    *roles: Role,
    user: str = "ada",
    keep_out: bool | None = None,
    typed: str = "ada",
) -> None:
    erasure = Erasure(users, revocation(world, *roles), world.pause, world.printed.append)
    erasure.erase(user, keep_out=keep_out, confirmed=lambda: typed, rhythm=RHYTHM)


def nothing() -> None:
    """What happens in the second that is let pass before the sessions are denied."""


def test_sessions_are_denied_before_the_user_is_deleted_and_until_the_longest_is_over(world: World, role: Role) -> None:
    users = Users(world, "ada", "bob")
    denied_meanwhile = []
    world.during_pause.extend([nothing, lambda: denied_meanwhile.append(role.denied())])

    erase(world, users, role)

    assert world.log == ["pause 1", "deny UserRole", "delete ada", f"pause {HOUR:.0f}"]
    assert denied_meanwhile == [{"ada": START + SECOND}]
    assert users.present == {"bob"}


def test_nothing_names_the_user_afterwards(world: World, role: Role) -> None:
    other = Role(world, "Moderator")

    erase(world, Users(world, "ada"), role, other)

    assert (role.policies, other.policies, world.versions) == ({}, {}, [])
    assert world.printed[-1] == "Done. Nothing that can be deleted here names ada."


def test_user_who_is_kept_out_is_refused_first_and_stays_on_the_list(world: World, role: Role) -> None:
    erase(world, Users(world, "ada"), role, keep_out=True)

    assert world.log == ["list", "pause 45", "deny UserRole", "delete ada", f"pause {HOUR:.0f}"]
    assert world.users() == {"ada"}
    assert role.policies == {}
    assert world.printed[-1] == "Done. Only the list of revoked users names ada."


@pytest.mark.parametrize(
    ("keep_out", "left"),
    [pytest.param(True, {"ada", "bob"}, id="to be kept out"), pytest.param(False, {"bob"}, id="not to be kept out")],
)
def test_revoked_user_stays_on_the_list_or_is_taken_off_it_last(
    world: World, role: Role, *, keep_out: bool, left: set[str]
) -> None:
    world.versions.append(UserListVersion(1, frozenset({"ada", "bob"}), 0))
    meanwhile = []
    world.during_pause.extend([lambda: meanwhile.append(world.users())] * 2)

    erase(world, Users(world, "ada"), role, keep_out=keep_out)

    assert world.users() == left
    assert {"ada", "bob"} in meanwhile


def test_whether_a_revoked_user_stays_out_has_to_be_said(world: World, role: Role) -> None:
    world.versions.append(UserListVersion(1, frozenset({"ada"}), 0))

    with pytest.raises(OperationError, match=r"KEEP_OUT=1 to leave the id on the list.*or KEEP_OUT=0"):
        erase(world, Users(world, "ada"), role)

    assert world.log == []


def test_versions_of_the_list_that_keep_the_id_are_counted(world: World, role: Role) -> None:
    world.versions.extend(UserListVersion(n, frozenset({"ada"}), n - 1) for n in (1, 2))
    world.versions.append(UserListVersion(3, frozenset(), 2))

    erase(world, Users(world, "ada"), role)

    assert "2 of them have the id" in "\n".join(world.printed)


def test_administrator_is_not_erased(world: World, role: Role) -> None:
    users = Users(world, "ada", admins=frozenset({"ada"}))

    with pytest.raises(OperationError, match=r"delete-app-instance-admin .* --app-instance-admin-arn .*/user/ada"):
        erase(world, users, role, keep_out=True)

    assert (world.log, users.present) == ([], {"ada"})


def test_unknown_id_changes_nothing_and_is_no_success(world: World, role: Role) -> None:
    with pytest.raises(OperationError, match="Nothing was changed: Chime knows no user Ada"):
        erase(world, Users(world, "ada"), role, user="Ada", typed="Ada", keep_out=True)

    assert world.log == []


@pytest.mark.parametrize("typed", ["", "yes", "Ada", "ada "])
def test_id_that_is_not_typed_letter_for_letter_erases_nobody(world: World, role: Role, typed: str) -> None:
    with pytest.raises(OperationError, match="CONFIRM=ada"):
        erase(world, Users(world, "ada"), role, typed=typed)

    assert world.log == []


@pytest.mark.parametrize("user", ["", "a b", "*", "../bob"])
def test_what_no_user_can_have_as_id_is_refused(world: World, role: Role, user: str) -> None:
    with pytest.raises(OperationError, match="ChimeUserId"):
        erase(world, Users(world, "ada"), role, user=user, typed=user)


def stop() -> None:
    raise KeyboardInterrupt


def test_run_that_was_stopped_while_it_waited_is_continued_by_the_same_command(world: World, role: Role) -> None:
    users = Users(world, "ada")
    world.during_pause.extend([nothing, stop])
    with pytest.raises(KeyboardInterrupt):
        erase(world, users, role)
    world.now = START + SECOND + timedelta(minutes=20)
    world.log.clear()

    erase(world, users, role)

    # The pause of a world is over at once, also one that was stopped; so the clock was set back.
    assert world.log == [f"pause {HOUR - 20 * 60:.0f}"]
    assert role.policies == {}


def test_later_run_for_somebody_else_deletes_the_policy_of_one_that_was_stopped(world: World, role: Role) -> None:
    world.during_pause.extend([nothing, stop])
    with pytest.raises(KeyboardInterrupt):
        erase(world, Users(world, "ada"), role)
    world.now = START + SECOND + MAX_SESSION

    revocation(world, role).revoke(["bob"], 0)

    assert set(role.denied()) == {"bob"}


def test_user_is_not_deleted_if_sessions_cannot_be_denied(world: World) -> None:
    users = Users(world, "ada")

    with pytest.raises(OperationError, match="IAM is out of reach"):
        erase(world, users, Role(world, failure="IAM is out of reach"), keep_out=True)

    assert users.present == {"ada"}


def test_user_who_signs_in_meanwhile_is_no_success_and_the_next_run_ends_that_too(world: World, role: Role) -> None:
    users = Users(world, "ada")
    world.during_pause.extend([nothing, lambda: users.present.add("ada")])
    with pytest.raises(OperationError, match="ada has signed in again meanwhile"):
        erase(world, users, role)
    world.log.clear()

    erase(world, users, role)

    assert world.log == ["pause 1", "deny UserRole", "delete ada", f"pause {HOUR:.0f}"]


def test_policy_that_somebody_adds_meanwhile_is_waited_for_too(world: World, role: Role) -> None:
    later = START + SECOND + timedelta(minutes=30)
    world.during_pause.extend([nothing, lambda: role.put(DenyPolicy.of(frozenset({"ada", "bob"}), later))])

    erase(world, Users(world, "ada"), role)

    assert world.log[-1] == "pause 1800"
    assert role.policies == {}


def test_role_of_another_account_is_no_obstacle(world: World, role: Role) -> None:
    elsewhere = Role(world, "Guests", failure="arn:aws:iam::210987654321:role/Guests is in another account")
    elsewhere._elsewhere = "arn:aws:iam::210987654321:role/Guests"  # noqa: SLF001 - as IamRole does

    erase(world, Users(world, "ada"), role, elsewhere)

    assert "delete ada" in world.log
