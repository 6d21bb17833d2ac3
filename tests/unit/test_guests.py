"""How long Chime keeps a guest, and which role they get: made once, extended when half of the time is over."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from signin import users
from signin.deadline import Deadline
from signin.errors import Rejected, SigninError, Throttled, Unavailable, UserExists, UserMissing
from signin.guests import DAY, MOST_DAYS, Expiration, Stay
from signin.users import ChimeUser, Ensured, Extension

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signin.users import Wanted

NOW = 1_800_000_000.0
STAY = Stay(30, NOW)
GUEST = users.NamedUser("guest-a", users.Name("Grace", "User x6pj"), STAY)


@pytest.mark.parametrize(
    ("age", "days", "extended"),
    [
        pytest.param(0, 30, None, id="created just now"),
        pytest.param(14.9, 30, None, id="more than half is left"),
        pytest.param(15, 30, 45, id="half is left"),
        pytest.param(15.5, 30, 46, id="less than half is left, within a day"),
        pytest.param(30, 30, 60, id="expired just now"),
        pytest.param(400.2, 30, 431, id="expired long ago, and not deleted"),
        pytest.param(20, 60, None, id="extended before"),
        pytest.param(3, 0, 33, id="Chime names no expiration"),
        pytest.param(0, 5, 30, id="created when GUEST_DAYS was less"),
        pytest.param(0, 900, None, id="created when GUEST_DAYS was more"),
        pytest.param(MOST_DAYS - 20, MOST_DAYS - 10, MOST_DAYS, id="as far as Chime allows"),
        pytest.param(MOST_DAYS - 10, MOST_DAYS, None, id="no further than Chime allows"),
    ],
)
def test_guest_is_extended_when_half_of_the_time_is_over(age: float, days: int, extended: int | None) -> None:
    assert STAY.extended(Expiration(NOW - age * DAY, days)) == extended


class Chime(users.ChimeUsers):
    """One guest, or none. `failures` happen first, by operation."""

    def __init__(self, user: ChimeUser | None = None, **failures: list[SigninError]) -> None:
        self._app_instance_arn = "arn:aws:chime:us-east-1:123456789012:app-instance/1"
        self.user = user
        self.failures = failures
        self.calls: list[str] = []
        self.days: int | None = None

    def describe(self, user_id: str) -> ChimeUser:
        self._called("describe")
        if self.user is None:
            raise UserMissing("Forbidden")
        return self.user

    def create(self, user_id: str, name: str, request_token: str, wanted: Wanted, stay: Stay | None = None) -> None:
        assert request_token
        assert wanted()
        self._called("create")
        assert stay is not None
        self.user, self.days = ChimeUser(self.arn(user_id), name, ""), stay.days

    def extend(self, user: ChimeUser, days: int, wanted: Wanted) -> None:
        assert user == self.user
        if not wanted():
            raise Unavailable("given_up")
        self._called("extend")
        self.days = days

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if self.failures.get(operation):
            raise self.failures[operation].pop(0)


def guest(age: float, name: str = "Grace") -> ChimeUser:
    return ChimeUser(Chime().arn("guest-a"), name, "", Expiration(NOW - age * DAY, 30))


@pytest.fixture
def deadline() -> Deadline:
    numbers = itertools.count(0.0, 0.001)
    return Deadline(lambda: next(numbers), lambda _: None, lambda: 0.0)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_new_guest_is_created_for_some_days(deadline: Deadline, executor: ThreadPoolExecutor) -> None:
    chime = Chime()

    assert users.ensure(chime, GUEST, deadline, executor).outcome == "created"
    assert (chime.calls, chime.days) == (["describe", "create"], 30)


@pytest.mark.parametrize(
    ("age", "calls", "extension"),
    [
        pytest.param(1, ["describe"], None, id="who was here yesterday"),
        pytest.param(20, ["describe", "extend"], Extension(), id="who expires soon"),
        pytest.param(31, ["describe", "extend"], Extension(), id="who has expired and is not deleted yet"),
    ],
)
def test_returning_guest_costs_a_second_call_only_when_they_expire_soon(
    deadline: Deadline, executor: ThreadPoolExecutor, age: float, calls: list[str], extension: Extension | None
) -> None:
    chime = Chime(guest(age))

    assert users.ensure(chime, GUEST, deadline, executor) == Ensured(guest(age), "found", extension=extension)
    assert chime.calls == calls


def test_user_who_is_no_guest_is_never_extended(deadline: Deadline, executor: ThreadPoolExecutor) -> None:
    chime = Chime(guest(31))
    named = users.NamedUser("guest-a", GUEST.name)

    assert users.ensure(chime, named, deadline, executor).extension is None
    assert chime.calls == ["describe"]


def test_guest_of_whom_chime_does_not_say_when_they_were_created_is_left_alone(
    deadline: Deadline, executor: ThreadPoolExecutor
) -> None:
    chime = Chime(ChimeUser(Chime().arn("guest-a"), "Grace", ""))

    assert users.ensure(chime, GUEST, deadline, executor).extension is None
    assert chime.calls == ["describe"]


def test_guest_who_vanishes_between_both_calls_is_created_anew(
    deadline: Deadline, executor: ThreadPoolExecutor
) -> None:
    chime = Chime(guest(30), extend=[UserMissing("Forbidden")])

    assert users.ensure(chime, GUEST, deadline, executor).outcome == "created"
    assert (chime.calls, chime.days) == (["describe", "extend", "create"], 30)


def test_guest_whom_another_device_created_anew_meanwhile_is_found(
    deadline: Deadline, executor: ThreadPoolExecutor
) -> None:
    chime = Chime(guest(30), extend=[UserMissing("Forbidden")], create=[UserExists("Conflict")])

    assert users.ensure(chime, GUEST, deadline, executor).outcome == "found"
    assert chime.calls == ["describe", "extend", "create", "describe"]


def test_guest_whom_chime_is_just_deleting_is_created_when_they_are_gone(
    deadline: Deadline, executor: ThreadPoolExecutor
) -> None:
    chime = Chime(create=[UserExists("Conflict")])  # they are there for this call, and for no other

    assert users.ensure(chime, GUEST, deadline, executor).outcome == "created"
    assert chime.calls == ["describe", "create", "describe", "create"]


FAILURES = [Throttled("ThrottledClient"), Unavailable("ServiceFailure"), Rejected("AccessDenied")]


@pytest.mark.parametrize("failure", FAILURES)
def test_extension_that_fails_fails_no_sign_in_while_there_is_time(
    deadline: Deadline, executor: ThreadPoolExecutor, failure: SigninError
) -> None:
    chime = Chime(guest(28.9), extend=[failure])

    assert users.ensure(chime, GUEST, deadline, executor).extension == Extension(failure)


@pytest.mark.parametrize("age", [29.1, 30.1])
@pytest.mark.parametrize("failure", FAILURES)
def test_guest_who_may_be_deleted_today_signs_in_only_if_they_are_extended(
    deadline: Deadline, executor: ThreadPoolExecutor, failure: SigninError, age: float
) -> None:
    chime = Chime(guest(age), extend=[failure])

    with pytest.raises(type(failure)):
        users.ensure(chime, GUEST, deadline, executor)


@pytest.mark.parametrize("failure", FAILURES)
def test_guest_whom_chime_keeps_for_ever_signs_in_though_they_are_not_extended(
    deadline: Deadline, executor: ThreadPoolExecutor, failure: SigninError
) -> None:
    for_ever = ChimeUser(Chime().arn("guest-a"), "Grace", "", Expiration(NOW - 400 * DAY, 0))
    chime = Chime(for_ever, extend=[failure])

    assert users.ensure(chime, GUEST, deadline, executor).extension == Extension(failure)


def test_extension_that_waited_too_long_for_a_thread_is_not_sent_later() -> None:
    chime, freed = Chime(guest(20)), threading.Event()
    little = Deadline(lambda: 0.0, lambda _: None, lambda: 0.0, seconds=0.1)

    with ThreadPoolExecutor(1) as busy:
        busy.submit(freed.wait, 30)
        ensured = users.ensure(chime, GUEST, little, busy)
        freed.set()

    assert ensured.extension is not None
    assert ensured.extension.failure is not None
    assert ensured.extension.failure.operation == "PutAppInstanceUserExpirationSettings"
    assert chime.calls == ["describe"]


def test_guest_is_extended_and_renamed(deadline: Deadline, executor: ThreadPoolExecutor) -> None:
    renamed: list[str] = []

    class RenamingChime(Chime):
        def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
            assert user == self.user
            assert wanted()
            renamed.append(name)

    chime = RenamingChime(guest(20, name="Guest"))

    ensured = users.ensure(chime, GUEST, deadline, executor)

    assert (ensured.outcome, ensured.extension, renamed) == ("renamed", Extension(), ["Grace"])
