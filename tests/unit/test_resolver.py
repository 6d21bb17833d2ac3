"""Addresses of names, from a system that may take its time."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.connections import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 443))]


class System:
    """A system that finds every name, `hangs.example` not before it `mends`."""

    def __init__(self) -> None:
        self.mends = threading.Event()
        self.asked: list[bytes] = []

    def getaddrinfo(self, host: bytes, _port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        if host == b"hangs.example":
            self.mends.wait(timeout=60)
        return FOUND


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    made = System()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.mends.set()


def within(seconds: float) -> Callable[[], float]:
    return lambda: seconds


@pytest.mark.usefixtures("system")
def test_addresses_are_the_system_s() -> None:
    assert Resolver().addresses("issuer.example", 443, within(30)) == FOUND


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "unknown"), UnicodeError("no name")])
def test_error_is_the_system_s(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    resolver = Resolver()

    for _ in range(2):
        with pytest.raises(type(error), match=str(error.args[-1])):
            resolver.addresses("issuer.example", 443, within(30))


def test_no_time_left_is_no_lookup(system: System) -> None:
    def left() -> float:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        Resolver().addresses("issuer.example", 443, left)
    assert system.asked == []


def test_system_that_hangs_is_left_in_time_and_asked_once_however_many_come(system: System) -> None:
    resolver = Resolver()

    def ask(number: int) -> bool:
        try:
            resolver.addresses("hangs.example" if number % 2 else "issuer.example", 443, within(0.05))
        except TimeoutError:
            return True
        return False

    with pytest.raises(TimeoutError):
        resolver.addresses("hangs.example", 443, within(0.05))
    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(ask, range(100)))
    assert system.asked == [b"hangs.example"]

    system.mends.set()
    assert resolver.addresses("issuer.example", 443, within(30)) == FOUND


def test_system_that_hangs_for_one_is_there_for_another(system: System) -> None:
    with pytest.raises(TimeoutError):
        Resolver().addresses("hangs.example", 443, within(0.05))

    assert Resolver().addresses("issuer.example", 443, within(30)) == FOUND
    assert not system.mends.is_set()


@pytest.mark.usefixtures("system")
def test_machine_without_a_thread_left_is_an_error_and_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolver = Resolver()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        with pytest.raises(OSError, match="no thread"):
            resolver.addresses("issuer.example", 443, within(30))

    assert resolver.addresses("issuer.example", 443, within(30)) == FOUND
