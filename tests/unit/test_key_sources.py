"""How long keys are remembered, and what an outage does. Time is an argument here."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from authorizer.clock import Clock
from authorizer.errors import KeysUnavailable, TokenRefused
from authorizer.key_sources import (
    COOL_DOWN,
    DEFAULT_LIFETIME,
    GRACE,
    LONGEST_LIFETIME,
    REFRESH_AHEAD,
    SECRET_LIFETIME,
    SHORTEST_LIFETIME,
    Fetch,
    Fetched,
    IssuerKeys,
    Remembered,
    SecretKeys,
)
from authorizer.keys import KeySet, VerificationKey, key_set, secret_key
from tests.tokens import rsa_signer

OLD, NEW = rsa_signer(kid="old").jwk, rsa_signer(kid="new").jwk


class Source:
    """An issuer, or a secret's keeper, that counts how often it is asked; with the time that the test makes pass."""

    def __init__(self) -> None:
        self.keys = self.of(OLD)
        self.lifetime: float | None = None
        self.secrets: tuple[VerificationKey, ...] = (secret_key(b"x" * 32, "HS256"),)
        self.asked = 0
        self.down = False
        self.error: Exception = KeysUnavailable("down")
        self.takes = 0.0
        self.wall = 1_800_000_000.0
        self.steady = 50.0
        self.clock = Clock(lambda: self.wall, lambda: self.steady)
        self.watched: list[Fetch] = []
        self.hold: threading.Event | None = None

    @staticmethod
    def of(*keys: Any) -> KeySet:
        return key_set({"keys": list(keys)}, ("RS256",))

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def fetch(self) -> Fetched[KeySet]:
        self.asked += 1
        self.passes(self.takes)
        if self.hold:
            self.hold.wait(timeout=30)
        if self.down:
            raise self.error
        return Fetched(self.keys, self.lifetime)

    def fetch_secrets(self) -> Fetched[tuple[VerificationKey, ...]]:
        self.fetch()
        return Fetched(self.secrets)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def keys(source: Source) -> IssuerKeys:
    return IssuerKeys(Remembered(source.fetch, source.clock, source.watched.append), source.clock)


def test_times_are_as_documented() -> None:
    """In figures here, and by name in the tests below."""
    assert (SHORTEST_LIFETIME, DEFAULT_LIFETIME, LONGEST_LIFETIME) == (60, 600, 86400)
    assert (SECRET_LIFETIME, GRACE, COOL_DOWN) == (300, 3600, 10)


def kid(keys: IssuerKeys, wanted: str) -> str | None:
    [key] = keys.candidates(wanted, "RS256", "https://issuer.example")
    return key.kid


def threads_in(function: str) -> int:
    """Count the threads that are waiting in *function* itself."""
    frames = sys._current_frames().values()  # noqa: SLF001 - documented, for all its name
    return sum(frame.f_code.co_name == function for frame in frames)


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "refresh-ahead":
            thread.join(timeout=30)


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

    assert kid(keys, "old") == "old"


@pytest.mark.parametrize(
    ("said", "lifetime"),
    [
        pytest.param(None, DEFAULT_LIFETIME, id="ten minutes if the issuer is silent"),
        pytest.param(0, SHORTEST_LIFETIME, id="a minute at least"),
        pytest.param(1800, 1800, id="as the issuer says"),
        pytest.param(10**9, LONGEST_LIFETIME, id="a day at most"),
    ],
)
def test_keys_that_have_aged_are_fetched_again(
    source: Source, keys: IssuerKeys, said: float | None, lifetime: float
) -> None:
    source.lifetime = said
    kid(keys, "old")
    source.keys = source.of(OLD, NEW)

    source.passes(REFRESH_AHEAD * lifetime)
    kid(keys, "old")
    assert source.asked == 1
    source.passes((1 - REFRESH_AHEAD) * lifetime + 1)
    kid(keys, "old")
    assert source.asked == 2


def test_keys_are_refreshed_ahead_while_the_old_ones_serve(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.keys, source.hold = source.of(OLD, NEW), threading.Event()
    source.passes(REFRESH_AHEAD * DEFAULT_LIFETIME + 1)

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
    source.passes(DEFAULT_LIFETIME + 1)

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
        while not second.done() and not threads_in("settled"):
            time.sleep(0.001)
        source.hold.set()

    assert [first.result(), second.result()] == (["unavailable"] * 2 if down else ["new"] * 2)
    assert source.asked == 2


def test_a_thousand_unknown_keys_are_asked_for_once_per_cool_down(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    for number in range(1000):
        with pytest.raises(TokenRefused, match="unknown_key"):
            kid(keys, f"random-{number}")
    assert source.asked == 2

    source.passes(COOL_DOWN)
    source.keys = source.of(OLD, NEW)
    assert kid(keys, "new") == "new"
    assert source.asked == 3


def test_outage_is_bridged_by_the_last_good_keys_for_an_hour(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True

    source.passes(GRACE)
    assert kid(keys, "old") == "old"
    source.passes(COOL_DOWN)
    with pytest.raises(KeysUnavailable):
        kid(keys, "old")


def test_keys_with_a_long_life_outlive_the_hour(source: Source, keys: IssuerKeys) -> None:
    source.lifetime = 4 * GRACE
    kid(keys, "old")
    source.down = True
    source.passes(3 * GRACE)

    assert kid(keys, "old") == "old"


def test_issuer_that_is_down_is_left_alone_for_a_cool_down(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.down = True
    source.passes(DEFAULT_LIFETIME + 1)

    for _ in range(3):
        assert kid(keys, "old") == "old"
    assert source.asked == 2

    source.passes(COOL_DOWN)
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
    source.passes(DEFAULT_LIFETIME + 1)
    kid(keys, "old")

    with pytest.raises(KeysUnavailable):
        kid(keys, "new")
    assert source.asked == 2


def test_first_fetch_that_fails_is_tried_again_with_the_next_token(source: Source, keys: IssuerKeys) -> None:
    source.down = True
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            kid(keys, "old")
    source.down = False

    assert kid(keys, "old") == "old"
    assert source.asked == 3


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
        while threads_in("renew") < 49:
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
    source.wall += wall
    source.steady += steady
    kid(keys, "old")

    assert source.asked == 2


def test_clock_that_was_set_back_stops_nothing(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.wall -= 86400

    assert kid(keys, "old") == "old"
    source.keys = source.of(OLD, NEW)
    assert kid(keys, "new") == "new"


def test_error_that_nobody_foresaw_is_an_outage_too(source: Source, keys: IssuerKeys) -> None:
    keys.candidates("old", "RS256", None)
    source.down, source.error = True, ArithmeticError("something of the answer")
    source.passes(DEFAULT_LIFETIME + 1)

    assert keys.candidates("old", "RS256", None)
    with pytest.raises(KeysUnavailable, match="an unknown key"):
        keys.candidates("new", "RS256", None)
    source.passes(GRACE)
    with pytest.raises(KeysUnavailable, match="the last good keys are too old"):
        keys.candidates("old", "RS256", None)
    assert [(fetch.succeeded, fetch.outcome) for fetch in source.watched] == [
        (True, "fetched"),
        (False, "ArithmeticError"),
        (False, "ArithmeticError"),
    ]


def test_every_fetch_is_told(source: Source, keys: IssuerKeys) -> None:
    kid(keys, "old")
    source.passes(DEFAULT_LIFETIME + 1)
    source.down, source.takes = True, 0.25
    kid(keys, "old")

    assert source.watched == [
        Fetch(succeeded=True, outcome="fetched", age=None, milliseconds=0),
        Fetch(succeeded=False, outcome="down", age=DEFAULT_LIFETIME + 1, milliseconds=250),
    ]


def test_secret_is_remembered_for_five_minutes(source: Source) -> None:
    keys = SecretKeys(Remembered(source.fetch_secrets, source.clock, default_lifetime=SECRET_LIFETIME))
    keys.warm_up()
    first = source.secrets
    source.secrets = (secret_key(b"y" * 32, "HS256"), *first)

    source.passes(REFRESH_AHEAD * SECRET_LIFETIME)
    assert keys.candidates(None, "HS256", None) == first
    source.passes(SECRET_LIFETIME)
    assert keys.candidates(None, "HS256", None) == source.secrets
