"""A request that a sign-in gave up is not sent later, when Chime may have a newer name and other metadata."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from local.http.certificate import self_signed
from local.http.server import Server
from signin import aws as signin_aws
from signin.deadline import Deadline
from signin.errors import Unavailable
from signin.users import ChimeUser, ChimeUsers, Name, NamedUser, ensure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signin.users import Wanted
    from tests.integration.conftest import Aws

LOVELACE = NamedUser("ada", Name("Ada Lovelace", "User x6pj"))


class Gate:
    """A TCP proxy before a TLS server: connections are accepted, but nothing is passed on until `open` was called."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._opened = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def open(self) -> None:
        self._opened.set()

    def close(self) -> None:
        self._opened.set()
        self._listening.shutdown(socket.SHUT_RDWR)  # ends the thread that waits in accept
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                outside, _ = self._listening.accept()
                threading.Thread(target=self._join, args=(outside,), daemon=True).start()

    def _join(self, outside: socket.socket) -> None:
        self._opened.wait()
        with outside, socket.create_connection(("127.0.0.1", self._behind)) as inside:
            back = threading.Thread(target=_pump, args=(inside, outside))
            back.start()
            _pump(outside, inside)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def gate(default_aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A gate before the local AWS with TLS: until it is opened, a connection hangs in the TLS handshake."""
    monkeypatch.setattr(signin_aws, "CONNECT_SECONDS", 60.0)
    with closing(Server(default_aws.endpoint, tls=self_signed())) as server, closing(Gate(server.port)) as made:
        trusted = tmp_path / "certificate.pem"
        trusted.write_text(ssl.get_server_certificate(("127.0.0.1", server.port)))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted))
        yield made


@pytest.fixture
def instance(default_aws: Aws) -> str:
    chime = default_aws.client("chime-sdk-identity")
    arn: str = chime.create_app_instance(Name="test", ClientRequestToken="test")["AppInstanceArn"]
    chime.create_app_instance_user(
        AppInstanceArn=arn, AppInstanceUserId="ada", Name="Ada Byron", Metadata="vip", ClientRequestToken="test"
    )
    return arn


class Users(ChimeUsers):
    """An AppInstance's users: described over the connections of one, renamed over those of another."""

    def __init__(self, described: ChimeUsers, renamed: ChimeUsers) -> None:
        self._described = described
        self._renamed = renamed

    def describe(self, user_id: str) -> ChimeUser:
        return self._described.describe(user_id)

    def rename(self, user: ChimeUser, name: str, wanted: Wanted) -> None:
        self._renamed.rename(user, name, wanted)


def operations(aws: Aws) -> list[str]:
    return [call["operation"] for call in aws.local("GET", "calls")[1]]


def deadline(seconds: float) -> Deadline:
    return Deadline(time.monotonic, time.sleep, random.random, seconds)


def test_rename_whose_connection_hung_is_not_sent_when_it_opens_later(
    default_aws: Aws, gate: Gate, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ChimeUsers(instance)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{gate.port}")
    monkeypatch.setattr("signin.users.CHANGE_SECONDS", 0.1)

    with ThreadPoolExecutor(8) as executor:
        ensured = ensure(Users(asked, ChimeUsers(instance)), LOVELACE, deadline(600), executor)
        chime = default_aws.client("chime-sdk-identity")
        newer = {"Name": "Ada King", "Metadata": "countess"}
        chime.update_app_instance_user(AppInstanceUserArn=asked.arn("ada"), **newer)
        gate.open()

    assert ensured.outcome == "not renamed"
    assert asked.describe("ada") == ChimeUser(asked.arn("ada"), "Ada King", "countess")
    assert operations(default_aws).count("UpdateAppInstanceUser") == 1


def test_rename_that_is_waited_for_is_sent_once_the_connection_opens(
    default_aws: Aws, gate: Gate, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ChimeUsers(instance)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{gate.port}")
    monkeypatch.setattr("signin.users.CHANGE_SECONDS", 60.0)
    gate.open()

    with ThreadPoolExecutor(8) as executor:
        ensured = ensure(Users(asked, ChimeUsers(instance)), LOVELACE, deadline(600), executor)

    assert ensured.outcome == "renamed"
    assert asked.describe("ada") == ChimeUser(asked.arn("ada"), "Ada Lovelace", "vip")
    assert operations(default_aws).count("UpdateAppInstanceUser") == 1


WRITES: dict[str, Callable[[ChimeUsers, Wanted], Any]] = {
    "UpdateAppInstanceUser": lambda users, wanted: users.rename(
        ChimeUser(users.arn("ada"), "Ada Byron", "vip"), "Eve", wanted
    ),
    "CreateAppInstanceUser": lambda users, wanted: users.create("eve", "Eve", "request-1", wanted),
}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("connected", [True, False], ids=["on an open connection", "on a new connection"])
def test_request_that_is_no_longer_wanted_is_not_sent(
    default_aws: Aws, instance: str, operation: str, *, connected: bool
) -> None:
    users = ChimeUsers(instance)
    if connected:
        users.describe("ada")
    default_aws.local("DELETE", "calls")

    with pytest.raises(Unavailable):
        WRITES[operation](users, lambda: False)
    assert operations(default_aws) == []

    WRITES[operation](users, lambda: True)
    assert operations(default_aws) == [operation]
