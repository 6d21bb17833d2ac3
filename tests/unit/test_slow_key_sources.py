"""What a fetch of keys that hangs, or answers late, does to those who wait for it."""

from __future__ import annotations

import threading
import time

import pytest

from authorizer.errors import KeysUnavailable
from authorizer.key_sources import IssuerKeys
from authorizer.refreshing_cache import (
    FIRST_COOL_DOWN,
    MAX_FETCH_SECONDS,
    MAX_WAIT_SECONDS,
    RefreshingCache,
)
from tests.sources import NEW, Source, wait_for_threads


@pytest.fixture
def source() -> Source:
    return Source()


def test_nobody_waits_beyond_the_deadline_for_a_fetch_that_hangs(source: Source) -> None:
    """A resolver has no deadline of its own."""
    cache = RefreshingCache(source.fetch, source.clock)
    source.hold = threading.Event()
    with pytest.raises(KeysUnavailable, match="in time"):
        cache.get(source.clock.deadline(0))
    source.advance(MAX_FETCH_SECONDS)
    with pytest.raises(KeysUnavailable, match="in time"):
        cache.get(source.clock.deadline(0))
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            cache.get(source.clock.deadline(30))
    assert source.asked == 1

    hanging, source.hold = source.hold, None
    source.advance(FIRST_COOL_DOWN)
    assert cache.get(source.clock.deadline(30)) is source.keys
    assert source.asked == 2
    hanging.set()


def test_answer_that_comes_late_replaces_nothing_newer(source: Source) -> None:
    cache = RefreshingCache(source.fetch, source.clock)
    source.hold = threading.Event()
    old = source.keys
    with pytest.raises(KeysUnavailable):
        cache.get(source.clock.deadline(0))
    while not source.asked:
        time.sleep(0.001)
    hanging, source.hold, source.keys = source.hold, None, source.of(NEW)
    source.advance(MAX_WAIT_SECONDS + FIRST_COOL_DOWN)
    new = cache.get(source.clock.deadline(30))
    hanging.set()
    wait_for_threads()

    assert new is source.keys
    assert new is not old
    assert cache.get(source.clock.deadline(30)) is new


def test_answer_that_comes_late_is_better_than_none(source: Source) -> None:
    cache = RefreshingCache(source.fetch, source.clock)
    source.hold = threading.Event()
    with pytest.raises(KeysUnavailable):
        cache.get(source.clock.deadline(0))
    source.hold.set()
    wait_for_threads()

    assert cache.get(source.clock.deadline(0)) is source.keys
    assert source.asked == 1


def test_token_has_one_deadline_for_all_that_it_waits_for(source: Source) -> None:
    """The first fetch takes it all; the second, for a key that the set lacks, would hang."""
    keys = IssuerKeys(RefreshingCache(source.fetch, source.clock), source.clock)
    source.takes = MAX_WAIT_SECONDS
    source.hold_from, source.hold = 2, threading.Event()

    with pytest.raises(KeysUnavailable, match="in time"):
        next(keys.candidates("new", "RS256", "https://issuer.example"))
    source.hold.set()
