"""Revoked users are turned away, whatever the clock and the list do."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from signin.deadline import Deadline
from signin.errors import Forbidden, Rejected, SigninError, Throttled, Unavailable
from signin.revocation import RevocationList, RevokedUsers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOW = 1_800_000_000


class List(RevocationList):
    """A list that can be changed, counts how often it is read, and raises what *failures* has for it."""

    def __init__(self, *users: str, failures: Iterable[SigninError] = ()) -> None:
        self.users = set(users)
        self.failures = iter(failures)
        self.reads = 0

    def read(self) -> frozenset[str]:
        self.reads += 1
        for failure in self.failures:
            raise failure
        return frozenset(self.users)


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def deadline() -> Deadline:
    numbers = itertools.count(0.0, 0.001)
    return Deadline(lambda: next(numbers), lambda _: None, lambda: 0.0)


def may_sign_in(users: RevokedUsers, user_id: str, at: float = NOW) -> bool:
    try:
        users.check(user_id, at, deadline())
    except Forbidden as refusal:
        return refusal.code != "revoked"
    return True


@pytest.mark.parametrize(
    ("user_id", "may"),
    [
        pytest.param("ada", False, id="a revoked user"),
        pytest.param("bob", True, id="somebody else"),
        pytest.param("Ada", True, id="another user, whose id differs in case"),
        pytest.param("ad", True, id="somebody whose id is a part of it"),
    ],
)
def test_users_on_the_list_are_turned_away(executor: Executor, user_id: str, may: bool) -> None:  # noqa: FBT001 - a table's column
    assert may_sign_in(RevokedUsers(List("ada"), executor), user_id) == may


@pytest.mark.parametrize(
    ("later", "reads"),
    [
        pytest.param(0, 1, id="at once"),
        pytest.param(29.9, 1, id="just before it is too old"),
        pytest.param(30, 2, id="when it is too old"),
        pytest.param(3600, 2, id="after Lambda has stopped the process for an hour"),
        pytest.param(-1, 2, id="when the clock was set back"),
    ],
)
def test_list_is_cached_for_half_a_minute(executor: Executor, later: float, reads: int) -> None:
    listed = List()
    users = RevokedUsers(listed, executor)
    may_sign_in(users, "ada")

    listed.users.add("ada")

    assert may_sign_in(users, "ada", NOW + later) == (reads == 1)
    assert listed.reads == reads


@pytest.mark.parametrize(
    ("failure", "meaning"),
    [
        pytest.param(Rejected("AccessDenied"), Unavailable, id="AWS refuses"),
        pytest.param(Rejected("MalformedAnswer"), Unavailable, id="it holds something else"),
        pytest.param(Unavailable("InternalServerError"), Unavailable, id="AWS fails"),
        pytest.param(Throttled("Throttling"), Throttled, id="AWS throttles"),
    ],
)
def test_list_that_cannot_be_read_is_an_outage_for_everybody(
    executor: Executor, failure: SigninError, meaning: type[SigninError]
) -> None:
    listed = List()
    users = RevokedUsers(listed, executor)
    may_sign_in(users, "bob")
    listed.failures = itertools.repeat(failure)

    with pytest.raises(meaning) as caught:
        users.check("bob", NOW + 30, deadline())
    assert caught.value.code == failure.code


def test_reading_the_list_is_retried(executor: Executor) -> None:
    users = RevokedUsers(List("ada", failures=(Throttled("Throttling"),)), executor)

    assert not may_sign_in(users, "ada")


def test_list_that_hangs_is_not_waited_for_after_the_deadline(executor: Executor) -> None:
    answered = threading.Event()

    class Hanging(List):
        def read(self) -> frozenset[str]:
            answered.wait()
            return super().read()

    short = Deadline(time.monotonic, time.sleep, lambda: 0.0, seconds=0.05)
    try:
        with pytest.raises(Unavailable, match="out_of_time"):
            RevokedUsers(Hanging(), executor).check("ada", NOW, short)
    finally:
        answered.set()
