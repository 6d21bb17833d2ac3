"""The deadline: what is retried, with which backoff, and until when. Time is an argument here."""

from __future__ import annotations

import pytest

from signin.aws import READ_SECONDS
from signin.deadline import MAX_BACKOFF, MIN_ATTEMPT, MIN_BACKOFF, SECONDS, Deadline
from signin.errors import Rejected, SigninError, Throttled, Unavailable
from signin.users import CHANGE_SECONDS


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Attempt:
    """Raises `failures` one after the other, then succeeds; each attempt takes `seconds`."""

    def __init__(self, time: Time, *failures: SigninError, seconds: float = 0.0) -> None:
        self.failures = list(failures)
        self.time = time
        self.seconds = seconds
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        self.time.now += self.seconds
        if self.failures:
            raise self.failures.pop(0)
        return "done"


@pytest.fixture
def time() -> Time:
    return Time()


def deadline(time: Time, draw: float = 1.0) -> Deadline:
    return Deadline(time.clock, time.sleep, lambda: draw)


def test_first_success_is_all_that_is_needed(time: Time) -> None:
    attempt = Attempt(time)

    assert deadline(time).retry(attempt) == "done"
    assert (attempt.made, time.pauses) == (1, [])


@pytest.mark.parametrize("failure", [Throttled("Throttling"), Unavailable("ServiceFailure")])
def test_transient_error_is_retried(time: Time, failure: SigninError) -> None:
    attempt = Attempt(time, failure, failure)

    assert deadline(time).retry(attempt) == "done"
    assert attempt.made == 3


def test_rejection_is_not_retried(time: Time) -> None:
    attempt = Attempt(time, Rejected("AccessDenied"))

    with pytest.raises(Rejected):
        deadline(time).retry(attempt)
    assert attempt.made == 1


def test_backoff_doubles_up_to_a_maximum(time: Time) -> None:
    deadline(time).retry(Attempt(time, *[Throttled("Throttling")] * 7))

    assert time.pauses == [MIN_BACKOFF, 0.2, 0.4, 0.8, 1.6, MAX_BACKOFF, MAX_BACKOFF]


def test_backoff_is_random_within_its_range(time: Time) -> None:
    deadline(time, draw=0.25).retry(Attempt(time, *[Throttled("Throttling")] * 2))

    assert time.pauses == [0.025, 0.05]


def test_last_failure_is_raised_when_time_runs_out(time: Time) -> None:
    started = time.now

    with pytest.raises(Throttled):
        deadline(time).retry(Attempt(time, *[Throttled("Throttling")] * 1000))
    assert time.now - started <= SECONDS


@pytest.mark.parametrize(
    ("left", "made"),
    [
        pytest.param(MIN_BACKOFF + MIN_ATTEMPT + 0.001, 2, id="enough for another"),
        pytest.param(MIN_BACKOFF + MIN_ATTEMPT - 0.001, 1, id="too little for another"),
    ],
)
def test_retry_is_begun_only_if_there_is_time_for_it(time: Time, left: float, made: int) -> None:
    attempt = Attempt(time, Throttled("Throttling"), Rejected("AccessDenied"), seconds=SECONDS - left)

    with pytest.raises((Throttled, Rejected)):
        deadline(time).retry(attempt)
    assert attempt.made == made


def test_nothing_is_begun_once_the_deadline_is_over(time: Time) -> None:
    attempt, over = Attempt(time), deadline(time)
    over.expire()

    with pytest.raises(Unavailable, match="out_of_time"):
        over.retry(attempt)
    assert attempt.made == 0


def test_nothing_is_retried_after_an_attempt_that_took_all_the_time(time: Time) -> None:
    attempt = Attempt(time, Unavailable("ReadTimeoutError"), seconds=SECONDS)

    with pytest.raises(Unavailable):
        deadline(time).retry(attempt)
    assert (attempt.made, time.pauses) == (1, [])


def test_timeouts_fit_into_the_deadline() -> None:
    assert SECONDS <= 8, "the JavaScript SDK gives a reconnect ten seconds, and the authorizer needs some too"
    assert 2 * READ_SECONDS <= SECONDS, "there is time for a retry after a call that hung"
    assert CHANGE_SECONDS < READ_SECONDS, "a rename that hangs fails no sign-in, and delays none for long"


def test_remaining_time_is_never_negative(time: Time) -> None:
    late = deadline(time)
    time.now += SECONDS + 5

    assert late.remaining() == 0.0


def test_backoff_is_as_long_as_aws_asks(time: Time) -> None:
    deadline(time).retry(Attempt(time, Throttled("Throttling", 3), Unavailable("ServiceUnavailable", 0)))

    assert time.pauses == [3, 0.2]


def test_backoff_that_aws_asks_for_is_not_begun_if_there_is_no_time_for_it(time: Time) -> None:
    attempt = Attempt(time, Throttled("Throttling", 8))

    with pytest.raises(Throttled):
        deadline(time).retry(attempt)
    assert (attempt.made, time.pauses) == (1, [])


def test_retries_and_throttles_are_counted(time: Time) -> None:
    late = deadline(time)
    late.retry(Attempt(time, Throttled("Throttling"), Unavailable("ServiceFailure")))

    assert late.counts == {"retries": 2, "throttles": 1}


def test_time_of_a_step_is_noted(time: Time) -> None:
    late = deadline(time)

    assert late.timed("step", Attempt(time, seconds=0.25)) == "done"
    assert late.milliseconds == {"step": pytest.approx(250)}
