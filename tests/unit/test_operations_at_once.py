"""Operators who revoke users and restore them at the same time: no change is lost, in any order of their calls."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from operations.deny_policies import DenyPolicy, IamRole
from operations.revocation import Revocation
from operations.revoked_users import RevocationListParameter, UserListHistory, UserListVersion, change, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

START = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


class Turns:
    """Has several runs make their calls to AWS one at a time, first in a given order, then in turn until all ended."""

    def __init__(self, runs: Sequence[Callable[[Turns], object]]) -> None:
        self._go = [threading.Semaphore(0) for _ in runs]
        self._stopped = [threading.Semaphore(0) for _ in runs]
        self._here = threading.local()
        self._alive = set(range(len(runs)))
        self._threads = [threading.Thread(target=self._run, args=(number, run)) for number, run in enumerate(runs)]

    def play(self, order: Iterable[int]) -> None:
        for thread, stopped in zip(self._threads, self._stopped, strict=True):
            thread.start()
            stopped.acquire()
        for number in order:
            self._step(number)
        while self._alive:
            for number in sorted(self._alive):
                self._step(number)
        for thread in self._threads:
            thread.join()

    def take(self) -> None:
        """Wait until this run may make its next call."""
        self._stopped[self._here.number].release()
        self._go[self._here.number].acquire()

    def _run(self, number: int, run: Callable[[Turns], object]) -> None:
        self._here.number = number
        try:
            self.take()
            run(self)
        finally:
            self._alive.discard(number)
            self._stopped[number].release()

    def _step(self, number: int) -> None:
        if number in self._alive:
            self._go[number].release()
            self._stopped[number].acquire()


@dataclass
class Cloud:
    """The list in its versions, and one role's policies, for all runs."""

    versions: list[UserListVersion] = field(default_factory=list)
    policies: dict[str, DenyPolicy] = field(default_factory=dict)


@dataclass
class Seen(RevocationListParameter, IamRole):
    """The list and the role of one run. Each call waits for its turn."""

    cloud: Cloud
    turns: Turns
    name: str = "UserRole"

    def read(self) -> UserListHistory:
        self.turns.take()
        return UserListHistory(tuple(self.cloud.versions), START, START + timedelta(hours=0.5))

    def write(self, users: frozenset[str], base: int) -> int:
        self.turns.take()
        number = len(self.cloud.versions) + 1
        self.cloud.versions.append(UserListVersion(number, users, base))
        return number

    def deny_policies(self) -> list[str]:
        self.turns.take()
        return sorted(self.cloud.policies)

    def deny_policy(self, name: str) -> DenyPolicy | None:
        self.turns.take()
        return self.cloud.policies.get(name)

    def put(self, policy: DenyPolicy) -> None:
        self.turns.take()
        self.cloud.policies[policy.name] = policy

    def delete(self, name: str) -> None:
        self.turns.take()
        self.cloud.policies.pop(name, None)


def revoking(cloud: Cloud, user: str) -> Callable[[Turns], object]:
    return lambda turns: change(Seen(cloud, turns), lambda revoked: revoked | {user})


def restoring(cloud: Cloud, user: str) -> Callable[[Turns], object]:
    return lambda turns: change(Seen(cloud, turns), lambda revoked: revoked - {user})


def letting_in(cloud: Cloud, user: str) -> Callable[[Turns], object]:
    def restore(turns: Turns) -> None:
        seen = Seen(cloud, turns)
        Revocation(seen, [seen], lambda _: None, lambda _: None).restore([user])

    return restore


def test_three_at_once_lose_no_restore_and_no_revocation() -> None:
    for order in itertools.product(range(3), repeat=6):
        cloud = Cloud([UserListVersion(1, frozenset({"eve"}), 0)])

        Turns([restoring(cloud, "eve"), revoking(cloud, "bob"), revoking(cloud, "carl")]).play(order)

        assert cloud.versions[-1].users == {"bob", "carl"}, order


def test_four_at_once_from_no_list_at_all_lose_no_change() -> None:
    for order in itertools.product(range(4), repeat=4):
        cloud = Cloud()

        Turns([revoking(cloud, name) for name in ("ada", "bob", "carl", "dora")]).play(order)

        assert cloud.versions[-1].users == {"ada", "bob", "carl", "dora"}, order


def test_two_who_restore_from_one_policy_at_once_leave_nobody_denied() -> None:
    both = DenyPolicy.of(frozenset({"ada", "bob", "eve"}), START)
    # The first run is interrupted after any number of calls, and the second makes any number of calls meanwhile.
    for first, second in itertools.product(range(20), repeat=2):
        order = [0] * first + [1] * second + [0] * 20
        cloud = Cloud([UserListVersion(1, both.users, 0)], {both.name: both})

        Turns([letting_in(cloud, "ada"), letting_in(cloud, "bob")]).play(order)

        assert cloud.versions[-1].users == {"eve"}, (first, second)
        assert [policy.users for policy in cloud.policies.values()] == [{"eve"}], (first, second)


def test_run_that_was_stopped_before_it_could_correct_the_list_is_made_good_by_the_next() -> None:
    overwritten = [
        UserListVersion(1, frozenset({"eve"}), 0),
        UserListVersion(2, frozenset({"eve", "bob"}), 1),
        UserListVersion(3, frozenset({"eve", "ada"}), 1),  # has not read bob's version
    ]
    cloud = Cloud(overwritten)

    Turns([restoring(cloud, "eve")]).play([])

    assert cloud.versions[-1].users == {"ada", "bob"}


@pytest.mark.parametrize(
    ("versions", "users"),
    [
        pytest.param([], set(), id="no version"),
        pytest.param([(1, "ab", 0), (2, "b", 1), (3, "bc", 2)], {"b", "c"}, id="one after the other"),
        pytest.param([(1, "a", 0), (2, "", 1), (3, "ab", 1)], {"b"}, id="a restore that was overwritten"),
        pytest.param([(7, "a", 6), (8, "ab", 6)], {"a", "b"}, id="a base that is not kept any more"),
        pytest.param([(1, "a", 0), (2, "ab", 1), (3, "c", 2)], {"c"}, id="somebody else's version"),
        pytest.param([(1, "a", 0), (2, "a", 1), (3, "", 2), (4, "a", 1)], set(), id="nothing changed, over an old one"),
    ],
)
def test_list_has_every_version_s_change(versions: list[tuple[int, str, int]], users: set[str]) -> None:
    assert merged(UserListVersion(number, frozenset(text), base) for number, text, base in versions) == users
