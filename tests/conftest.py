"""
What every test runs under, so that none depends on this machine: no network, no configuration of the user's.

- No test reaches beyond this machine: connecting outside loopback, or looking up a name, fails the test, even if the
  code under test catches the error. Child processes are not watched. They get the address of a proxy that does not
  exist, which stops those that use proxies; the local stack's functions get the local stack's address only.
- Tests in tests/unit open no socket at all.
- SIGINT is heard, also where whoever runs the tests ignores it.
- No configuration of whoever runs the tests is read: no file in ~/.aws, no variable that tests/environment.py omits.

tests/deployed is the exception: `make test-deployed` runs it without this file.
"""

from __future__ import annotations

import functools
import importlib
import ipaddress
import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTS = Path(__file__).parent
NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""
PROXIES = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1"),
}

_patches = pytest.MonkeyPatch()


class Reach:
    """Which hosts the running test may connect to, whether it may open sockets, and what was refused to it."""

    def __init__(self) -> None:
        self.sockets = True
        self.hosts = {"", "localhost"}
        self.refused: list[str] = []

    def check(self, host: object) -> None:
        """Refuse *host* unless it is this machine."""
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name not in self.hosts and not _is_loopback(name):
            self._refuse(f"reached for {name}")

    def check_socket(self) -> None:
        """Refuse to open a socket where none may be opened."""
        if not self.sockets:
            self._refuse("opened a socket")

    def _refuse(self, what: str) -> None:
        self.refused.append(what)
        raise OSError(f"This test {what}; see tests/conftest.py.")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


REACH = Reach()


def pytest_configure() -> None:
    """Block the network before any test module is imported."""
    # urllib3 opens a socket on import, to see whether there is IPv6.
    importlib.import_module("botocore.session")
    for name in ("connect", "connect_ex"):
        _patches.setattr(socket.socket, name, _checking_address(getattr(socket.socket, name)))
    _patches.setattr(socket.socket, "__init__", _checking_permission(socket.socket.__init__))
    _patches.setattr(socket, "getaddrinfo", _checking_name(socket.getaddrinfo))


def pytest_unconfigure() -> None:
    """Allow the network again."""
    _patches.undo()


def _clear_environment() -> None:
    for name in os.environ.keys() - environment.kept(os.environ):
        _patches.delenv(name)
    for name, value in (environment.INSTEAD | PROXIES).items():
        _patches.setenv(name, value)
    time.tzset()


def _hear_ctrl_c() -> None:
    # A shell without job control lets what it starts in the background ignore SIGINT; so would all that tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Now, because the other conftest.py files are imported before `pytest_configure`, and much is read on import.
_clear_environment()
_hear_ctrl_c()


@pytest.fixture(autouse=True, scope="session")
def _reads_each_model_of_aws_once() -> None:
    """Let all sessions of botocore share the files that they read: reading them took half of the time."""
    loaders = importlib.import_module("botocore.loaders")

    read = loaders.JSONFileLoader().load_file
    shared = functools.cache(read)

    class SharedFileLoader(loaders.JSONFileLoader):  # type: ignore[misc,name-defined]
        @staticmethod
        def load_file(path: str) -> Any:
            # Each for itself the model of S3: a client changes it (`remove_bucket_from_url_paths_from_model`), after
            # which the local AWS, in the same process, would not know its own paths.
            return read(path) if f"{os.sep}s3{os.sep}" in path else shared(path)

    _patches.setattr(loaders.Loader, "FILE_LOADER_CLASS", SharedFileLoader)


@pytest.fixture(autouse=True, scope="session")
def _make_loggers_before_output_is_captured() -> None:
    """Make the loggers before a test replaces sys.stdout: a logger keeps the stream that it finds when it is made."""
    # Not at the top, as the environment is read on import.
    for package in ("authorizer", "signin"):
        importlib.import_module(f"{package}.telemetry").load()


@pytest.fixture(autouse=True)
def _fails_if_the_network_was_used(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(REACH, "sockets", TESTS / "unit" not in request.path.parents)
    yield
    refused, REACH.refused = REACH.refused, []
    assert not refused, f"This test {', '.join(refused)}."


@pytest.fixture(scope="session")
def reach() -> Reach:
    """Return what tests may reach. For tests of these rules, and for tests/docker, which adds Docker's bridge."""
    return REACH


def _checking_address(real: Callable[..., Any]) -> Callable[..., Any]:
    def checked(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            REACH.check(address[0])
        return real(self, address)

    return checked


def _checking_permission(real: Callable[..., None]) -> Callable[..., None]:
    def checked(self: socket.socket, *args: Any, **kwargs: Any) -> None:
        REACH.check_socket()
        real(self, *args, **kwargs)

    return checked


def _checking_name(real: Callable[..., Any]) -> Callable[..., Any]:
    def checked(host: Any, *args: Any, **kwargs: Any) -> Any:
        REACH.check(host)
        return real(host, *args, **kwargs)

    return checked
