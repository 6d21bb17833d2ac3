"""The calls of one exchange at the same time: what hangs, what fails first, and what is not begun any more."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from signin import users
from signin.deadline import Deadline
from signin.errors import Rejected, SigninError, Unavailable
from signin.users import ChimeUser, Ensured
from tests.unit.exchange.fakes import LOVELACE, Chime, Sts, exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from signin.sessions import Credentials, UserSession
    from signin.users import Wanted


def test_both_calls_are_made_at_the_same_time(deadline: Deadline, executor: Executor) -> None:
    meeting = threading.Barrier(2)

    class MeetingChime(Chime):
        def describe(self, user_id: str) -> ChimeUser:
            meeting.wait(timeout=30)
            return super().describe(user_id)

    class MeetingSts(Sts):
        def open(self, session: UserSession) -> Credentials:
            meeting.wait(timeout=30)
            return super().open(session)

    assert exchange(MeetingChime(), MeetingSts(), deadline, executor).session.user_id == "ada"


class HangingChime(Chime):
    """Answers once `released` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def describe(self, user_id: str) -> ChimeUser:
        self.released.wait(timeout=30)
        return super().describe(user_id)


def test_call_that_hangs_is_not_waited_for_when_the_other_failed(deadline: Deadline, executor: Executor) -> None:
    chime = HangingChime()

    with pytest.raises(Rejected, match="AccessDenied"):
        exchange(chime, Sts(Rejected("AccessDenied")), deadline, executor)
    assert chime.calls == []
    chime.released.set()


def test_nothing_more_is_begun_for_a_sign_in_that_failed(deadline: Deadline) -> None:
    chime = HangingChime()

    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(Rejected):
            exchange(chime, Sts(Rejected("AccessDenied")), deadline, executor)
        chime.released.set()
    assert chime.calls == ["describe"]


class OneAfterTheOther(Executor):
    """Has made every call by the time that `submit` returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except SigninError as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("time", range(10))
def test_of_two_failures_it_is_always_the_same_that_is_raised(deadline: Deadline, time: int) -> None:  # noqa: ARG001 - repeated, because threads differ each time
    chime, sts = Chime(describe=[Rejected("BadRequest")]), Sts(Rejected("AccessDenied"))

    with pytest.raises(Rejected, match="BadRequest"):
        exchange(chime, sts, deadline, OneAfterTheOther())


def test_call_that_hangs_is_not_waited_for_after_the_deadline(executor: Executor) -> None:
    chime = HangingChime()
    over = Deadline(lambda: 0.0, lambda _: None, lambda: 0.0, seconds=0.05)

    with pytest.raises(Unavailable, match="out_of_time"):
        exchange(chime, Sts(), over, executor)
    chime.released.set()


def test_rename_that_hangs_is_given_up_and_fails_no_sign_in(
    deadline: Deadline, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "CHANGE_SECONDS", 0.05)
    released, still_wanted = threading.Event(), []

    class SlowChime(Chime):
        def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
            released.wait(timeout=30)
            still_wanted.append(wanted())

    chime = SlowChime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")

    outcome = exchange(chime, Sts(), deadline, executor)
    released.set()

    executor.shutdown()
    assert outcome.ensured == Ensured(chime.users["ada"], "not renamed")
    assert still_wanted == [False]


def test_rename_that_waited_too_long_for_a_thread_is_not_sent_later() -> None:
    chime = Chime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")
    freed, little = threading.Event(), Deadline(lambda: 0.0, lambda _: None, lambda: 0.0, seconds=0.1)

    with ThreadPoolExecutor(1) as busy:
        busy.submit(freed.wait, 30)
        ensured = users.ensure(chime, LOVELACE, little, busy)
        freed.set()

    assert ensured.outcome == "not renamed"
    assert chime.calls == ["describe"]


def test_rename_is_not_sent_by_a_sign_in_that_has_ended(deadline: Deadline) -> None:
    class LateChime(Chime):
        def describe(self, user_id: str) -> ChimeUser:
            deadline.expire()
            return super().describe(user_id)

    chime = LateChime()
    chime.users["ada"] = ChimeUser(chime.arn("ada"), "Ada Byron", "vip")

    with ThreadPoolExecutor(8) as executor:
        ensured = users.ensure(chime, LOVELACE, deadline, executor)

    assert ensured == Ensured(chime.users["ada"], "not renamed")
    assert chime.users["ada"].name == "Ada Byron"
