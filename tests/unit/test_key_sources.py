"""How long keys are cached, and what an outage does. Time is an argument here."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from authorizer.errors import KeysUnavailable, TokenRefused
from authorizer.key_sources import SECRET_LIFETIME, IssuerKeys
from authorizer.refreshing_cache import (
    COOL_DOWN,
    DEFAULT_LIFETIME,
    FIRST_COOL_DOWN,
    MAX_AGE_IN_OUTAGE,
    MAX_FETCH_SECONDS,
    MAX_LIFETIME,
    MAX_WAIT_SECONDS,
    MIN_LIFETIME,
    REFRESH_AHEAD,
    Fetch,
    RefreshingCache,
)
from tests.sources import NEW, OLD, Source, threads_in, wait_for_threads


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def keys(source: Source) -> IssuerKeys:
    return IssuerKeys(RefreshingCache(source.fetch, source.clock, source.watched.append), source.clock, max_wait=30)


def test_times_are_as_documented() -> None:
    """In figures here, and by name in the tests below."""
    assert (MIN_LIFETIME, DEFAULT_LIFETIME, MAX_LIFETIME) == (60, 600, 86400)
    assert (SECRET_LIFETIME, MAX_AGE_IN_OUTAGE, FIRST_COOL_DOWN, COOL_DOWN) == (300, 3600, 1, 10)
    assert (MAX_FETCH_SECONDS, MAX_WAIT_SECONDS) == (3, 3.5)


def kid(keys: IssuerKeys, wanted: str) -> str | None:
    return next(keys.candidates(wanted, "RS256", "https://issuer.example")).kid


def test_keys_are_fetched_once_and_remembered(source: Source, keys: IssuerKeys) -> None:
    assert [kid(keys, "old"), kid(keys, "old")] == ["old", "old"]
    assert source.asked == 1


def test_keys_are_fetched_before_the_first_token(source: Source, keys: IssuerKeys) -> None:
    keys.warm_up()
    assert source.asked == 1

    kid(keys, "old")
    assert source.asked == 1


def test_failure_before_the_first_token_is_not_fatal(source: Source, keys: IssuerKeys) -> None:
    source.down = True
    keys.warm_up()
    source.down = False
    source.advance(FIRST_COOL_DOWN)

    assert kid(keys, "old") == "old"


@pytest.mark.parametrize(
    ("said", "lifetime"),
    [
        pytest.param(None, DEFAULT_LIFETIME, id="ten minutes if the issuer is silent"),
        pytest.param(0, MIN_LIFETIME, id="a minute at least"),
        pytest.param(1800, 1800, id="as the issuer says"),
        pytest.param(10**9, MAX_LIFETIME, id="a day at most"),
    ],
)
def test_keys_that_have_aged_are_fetched_again(
    source: Source, keys: IssuerKeys, said: float | None, lifetime: float
) -> None:
    source.lifetime = said
    kid(keys, "old")
    source.keys = source.of(OLD, NEW)

    source.advance(REFRESH_AHEAD * lifetime)
    kid(keys, "old")
    assert source.asked == 1
    source.advance((1 - REFRESH_AHEAD) * lifetime + 1)
    kid(keys, "old")
    assert source.asked == 2


def test_keys_are_refreshed_ahead_while_the_old_ones_serve(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys, source.hold = source.of(OLD, NEW), threading.Event()
    source.advance(REFRESH_AHEAD * DEFAULT_LIFETIME + 1)

    # The fetch hangs, and nobody waits for it.
    assert [kid(keys, "old") for _ in range(3)] == ["old"] * 3
    source.hold.set()
    wait_for_threads()

    assert source.asked == 2
    assert kid(keys, "new") == "new"
    assert source.asked == 2


def test_revoked_key_vanishes_with_the_next_set(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys = source.of(NEW)
    source.advance(DEFAULT_LIFETIME + 1)

    with pytest.raises(TokenRefused, match="unknown_key"):
        kid(keys, "old")


def test_unknown_key_is_asked_for_at_once_even_just_after_the_first_fetch(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys = source.of(OLD, NEW)

    assert kid(keys, "new") == "new"


@pytest.mark.parametrize("down", [False, True], ids=["which comes", "which does not come"])
def test_second_token_by_a_new_key_waits_for_the_fetch_that_the_first_began(
    source: Source, keys: IssuerKeys, *, down: bool
) -> None:
    kid(keys, "old")
    source.keys, source.down, source.hold = source.of(OLD, NEW), down, threading.Event()

    def ask() -> str | None:
        try:
            return kid(keys, "new")
        except KeysUnavailable:
            return "unavailable"

    with ThreadPoolExecutor(2) as two:
        first = two.submit(ask)
        while source.asked < 2:
            time.sleep(0.001)
        second = two.submit(ask)
        while not second.done() and threads_in("_result_of") < 2:
            time.sleep(0.001)
        source.hold.set()

    assert [first.result(), second.result()] == (["unavailable"] * 2 if down else ["new"] * 2)
    assert source.asked == 2


def test_a_thousand_unknown_keys_are_asked_for_once_per_cool_down(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    for _ in range(3):
        with pytest.raises(TokenRefused, match="unknown_key"):
            kid(keys, "random")
    for number in range(1000):
        with pytest.raises(KeysUnavailable, match="a moment ago"):
            kid(keys, f"random-{number}")
    assert source.asked == 2

    source.advance(COOL_DOWN)
    source.keys = source.of(OLD, NEW)
    assert kid(keys, "new") == "new"
    assert source.asked == 3


def test_outage_is_bridged_by_the_last_good_keys_for_an_hour(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True

    source.advance(MAX_AGE_IN_OUTAGE)
    assert kid(keys, "old") == "old"
    source.advance(COOL_DOWN)
    with pytest.raises(KeysUnavailable):
        kid(keys, "old")


def test_keys_with_a_long_life_outlive_the_hour(source: Source, keys: IssuerKeys) -> None:
    source.lifetime = 4 * MAX_AGE_IN_OUTAGE
    kid(keys, "old")
    source.down = True
    source.advance(3 * MAX_AGE_IN_OUTAGE)

    assert kid(keys, "old") == "old"


def test_issuer_that_is_down_is_left_alone_for_a_cool_down(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True
    source.advance(DEFAULT_LIFETIME + 1)

    for _ in range(3):
        assert kid(keys, "old") == "old"
    assert source.asked == 2

    source.advance(COOL_DOWN)
    assert kid(keys, "old") == "old"
    assert source.asked == 3


def test_unknown_key_during_an_outage_is_an_outage_and_no_refusal(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True

    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            kid(keys, "new")
    assert source.asked == 2


def test_unknown_key_does_not_ask_an_issuer_that_is_left_alone(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True
    source.advance(DEFAULT_LIFETIME + 1)
    kid(keys, "old")

    with pytest.raises(KeysUnavailable):
        kid(keys, "new")
    assert source.asked == 2


def test_issuer_that_never_answered_is_left_alone_for_a_second_and_then_for_longer(
    source: Source, keys: IssuerKeys
) -> None:
    source.down = True
    for fetches, pause in enumerate([1, 2, 4, 8, 10, 10], start=1):
        for _ in range(3):
            with pytest.raises(KeysUnavailable, match="down"):
                kid(keys, "old")
        assert source.asked == fetches
        source.advance(pause - 0.5)
        with pytest.raises(KeysUnavailable, match="down"):
            kid(keys, "old")
        assert source.asked == fetches
        source.advance(0.5)
    source.down = False

    assert kid(keys, "old") == "old"


def test_pause_begins_at_a_second_again_after_the_issuer_has_answered(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True
    source.advance(MAX_AGE_IN_OUTAGE + 1)
    for pause in (1, 2, 4):
        with pytest.raises(KeysUnavailable):
            kid(keys, "old")
        source.advance(pause)
    assert source.asked == 4
    source.down = False

    assert kid(keys, "old") == "old"


@pytest.mark.parametrize("down", [False, True], ids=["to an issuer that answers", "to an issuer that is down"])
def test_fifty_who_ask_at_once_make_one_fetch(source: Source, keys: IssuerKeys, *, down: bool) -> None:
    """The fetch ends only when the other forty-nine wait for it."""
    source.down, source.hold = down, threading.Event()

    def ask() -> str | None:
        try:
            return kid(keys, "old")
        except KeysUnavailable:
            return "unavailable"

    with ThreadPoolExecutor(50) as fifty:
        answers = [fifty.submit(ask) for _ in range(50)]
        while threads_in("_result_of") < 50:
            time.sleep(0.001)
        source.hold.set()
        outcomes = {answer.result() for answer in answers}

    assert outcomes == {"unavailable" if down else "old"}
    assert source.asked == 1


@pytest.mark.parametrize(
    ("wall", "steady"),
    [
        pytest.param(-86400, DEFAULT_LIFETIME + 1, id="set back while time passed"),
        pytest.param(DEFAULT_LIFETIME + 1, 0, id="frozen while time passed"),
    ],
)
def test_clock_that_jumps_or_freezes_makes_no_key_younger(
    source: Source, keys: IssuerKeys, wall: float, steady: float
) -> None:
    kid(keys, "old")
    source.wall_clock += wall
    source.monotonic += steady
    kid(keys, "old")

    assert source.asked == 2


def test_clock_that_was_set_back_stops_nothing(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.wall_clock -= 86400

    assert kid(keys, "old") == "old"
    source.keys = source.of(OLD, NEW)
    assert kid(keys, "new") == "new"


def test_machine_without_a_thread_left_is_an_outage_and_mends(
    source: Source, keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    kid(keys, "old")
    source.advance(REFRESH_AHEAD * DEFAULT_LIFETIME + 1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        assert kid(keys, "old") == "old"
        source.advance(MAX_AGE_IN_OUTAGE)
        with pytest.raises(KeysUnavailable, match=r"no thread|too old"):
            kid(keys, "old")

    source.advance(COOL_DOWN)
    assert kid(keys, "old") == "old"
    assert source.asked == 2


def test_error_that_nobody_foresaw_is_an_outage_too(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down, source.error = True, ArithmeticError("something of the answer")
    source.advance(DEFAULT_LIFETIME + 1)

    assert kid(keys, "old") == "old"
    with pytest.raises(KeysUnavailable, match="an unknown key"):
        kid(keys, "new")
    source.advance(MAX_AGE_IN_OUTAGE)
    with pytest.raises(KeysUnavailable, match="the last good keys are too old"):
        kid(keys, "old")
    assert [(fetch.succeeded, fetch.outcome) for fetch in source.watched] == [
        (True, "fetched"),
        (False, "ArithmeticError"),
        (False, "ArithmeticError"),
    ]


def test_every_fetch_is_told(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.advance(DEFAULT_LIFETIME + 1)
    source.down, source.takes = True, 0.25
    kid(keys, "old")

    assert source.watched == [
        Fetch(succeeded=True, outcome="fetched", age=None, milliseconds=0),
        Fetch(succeeded=False, outcome="down", age=DEFAULT_LIFETIME + 1, milliseconds=250),
    ]


def test_keys_are_as_old_as_the_beginning_of_their_fetch(source: Source, keys: IssuerKeys) -> None:
    """The machine is frozen while the answer is on its way."""
    source.frozen = MAX_AGE_IN_OUTAGE + 1
    with pytest.raises(KeysUnavailable, match="too old"):
        kid(keys, "old")

    source.frozen = 0
    source.advance(FIRST_COOL_DOWN)
    assert kid(keys, "old") == "old"
    assert source.asked == 2


def test_refresh_that_was_frozen_is_followed_by_another(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.advance(DEFAULT_LIFETIME + 1)
    source.frozen = DEFAULT_LIFETIME + 1
    kid(keys, "old")
    source.frozen = 0
    source.keys = source.of(NEW)

    assert kid(keys, "new") == "new"
    assert source.asked == 3
