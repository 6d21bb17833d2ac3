"""By which roots AWS's endpoints are verified, against servers with TLS: Amazon's first, then botocore's bundle."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from local.http.server import Server
from rooms.capabilities import Features
from rooms.meetings import ChimeMeetings, MeetingSettings
from rooms.table import RoomsTable
from signin import answers, aws
from signin.deadline import Deadline
from signin.errors import Rejected, Unavailable
from signin.revocation import RevocationList
from signin.sessions import StsSessions, UserSession
from signin.trust import FILE, _trust, trust
from signin.users import ChimeUsers
from tests.authorities import Authority, common_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AMAZONS = Authority(common_name("One of Amazon's roots"))
A_SIXTH = Authority(common_name("A root that botocore brings"))
OF_NOBODY = Authority(common_name("A root of nobody's"))
INTERCEPTING = Authority(common_name("A company's proxy"))

PATIENT = 60.0
"""Seconds that a handshake and an answer may take; no test depends on it."""
ADA = UserSession("ada", "arn:aws:iam::123456789012:role/user", 900)
APP_INSTANCE = "arn:aws:chime:us-east-1:123456789012:app-instance/1"
CLIENTS: dict[str, Callable[[], Callable[[], object]]] = {
    "sts": lambda: partial(StsSessions(source_identity=False).open, ADA),
    "chime-sdk-identity": lambda: partial(ChimeUsers(APP_INSTANCE).describe, "ada"),
    "ssm": lambda: RevocationList("/list").read,
    "dynamodb": lambda: partial(RoomsTable("rooms").room, "key"),
    "chime-sdk-meetings": lambda: partial(
        ChimeMeetings("us-east-1", MeetingSettings("us-east-1", Features())).exists, "1"
    ),
}
"""What makes a client of each service, and returns a call by it."""


def call(service: str) -> object:
    """Call the service, by a client of its own."""
    return CLIENTS[service]()()


def refuse(environ: Any, start_response: Any) -> Any:
    """Refuse whatever AWS is asked for. Who is refused has verified the certificate."""
    xml = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    asks_for_xml = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return Response(xml if asks_for_xml else "{}", status=403)(environ, start_response)


@pytest.fixture(autouse=True)
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of packages with Amazon's roots, such as the layer is. botocore's bundle has A_SIXTH alone."""
    (tmp_path / FILE).write_text(AMAZONS.pem)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "bundle.pem").write_text(A_SIXTH.pem)
    monkeypatch.setattr("botocore.httpsession.where", lambda: str(tmp_path / "bundle.pem"))
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(aws, name, PATIENT)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """Be a process that has just started."""
    _trust.cache_clear()
    aws.shared_session.cache_clear()


@pytest.fixture
def aws_under(monkeypatch: pytest.MonkeyPatch) -> Callable[[Authority], Any]:
    @contextmanager
    def serve(authority: Authority) -> Iterator[Server]:
        with closing(Server(refuse, tls=authority.server())) as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL", server.url.replace("http:", "https:"))
            yield server

    return serve


class Tunnel(socketserver.StreamRequestHandler):
    """A proxy that lets TLS through without looking into it (RFC 9110, 9.3.6)."""

    def handle(self) -> None:
        host, _, port = self.rfile.readline().split()[1].decode().partition(":")
        while self.rfile.readline().strip():
            pass
        with socket.create_connection((host, int(port))) as target:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(target, self.connection))
            back.start()
            pass_on(self.connection, target)
            back.join()


def pass_on(one: socket.socket, other: socket.socket) -> None:
    """Send to *other* what comes from *one*, until that ends."""
    with contextlib.suppress(OSError):
        while received := one.recv(65536):
            other.sendall(received)
        other.shutdown(socket.SHUT_WR)


def widened(capsys: pytest.CaptureFixture[str]) -> int:
    """Return how often the metric was counted since this was asked last."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["service"] for line in lines} <= {"signin"}
    return sum(line["TrustWidened"][0] for line in lines)


def test_endpoint_under_amazon_s_roots_is_verified_by_them_alone(
    aws_under: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with aws_under(AMAZONS) as server:
        with pytest.raises(Rejected):
            call("sts")
        assert server.accepted == 1
    assert widened(capsys) == 0


@pytest.mark.parametrize("service", CLIENTS)
def test_endpoint_under_another_root_is_verified_by_botocore_s_bundle(
    service: str, aws_under: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with aws_under(A_SIXTH) as server:
        with pytest.raises(Rejected):
            call(service)
        assert server.accepted == 2  # the first was not trusted
        assert widened(capsys) == 1

        with pytest.raises(Rejected):
            call(service)  # a client of its own, which knows nothing of the first one's connections
        assert server.accepted == 3
    assert widened(capsys) == 0


def test_calls_at_once_widen_trust_once(aws_under: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with aws_under(A_SIXTH), ThreadPoolExecutor() as executor:
        # One after the other, because botocore makes no two clients of one session at once.
        calls = [make() for make in [*CLIENTS.values()] * 2]
        running = [executor.submit(each) for each in calls]
        assert {type(each.exception()) for each in running} == {Rejected}
    assert widened(capsys) == 1


def test_threads_that_are_the_first_to_ask_share_one_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    together, real = threading.Barrier(2), os.path.isfile

    def slow(path: str) -> bool:
        """Look, and let another thread come in between."""
        time.sleep(0.05)
        return real(path)

    monkeypatch.setattr(os.path, "isfile", slow)

    def ask(_: int) -> int:
        together.wait(60)
        return id(trust())

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(ask, range(2)))) == 1


def test_endpoint_under_an_unknown_root_is_an_outage(aws_under: Any, capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    deadline = Deadline(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds + 1), lambda: 0.5, 8.0)

    with aws_under(OF_NOBODY) as server, pytest.raises(Unavailable) as caught:
        deadline.retry(lambda: call("sts"))

    assert caught.value.code == "SSLError"
    assert answers.error(caught.value, "request-1")["statusCode"] == 503
    retries = deadline.counts["retries"]
    assert 1 < retries < 8
    assert server.accepted == 1 + retries + 1  # by Amazon's roots once, and then by the bundle in each attempt
    assert widened(capsys) == 1


@pytest.fixture(params=["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle"])
def chosen(request: pytest.FixtureRequest, layer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has chosen a bundle that has the root of their proxy alone."""
    (layer / "proxy.pem").write_text(INTERCEPTING.pem)
    if request.param == "ca_bundle":
        (layer / "config").write_text(f"[default]\nca_bundle = {layer / 'proxy.pem'}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(layer / "config"))
    else:
        monkeypatch.setenv(request.param, str(layer / "proxy.pem"))


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize(("authority", "refused"), [(INTERCEPTING, Rejected), (AMAZONS, Unavailable)])
def test_bundle_that_somebody_has_chosen_is_the_only_one(
    authority: Authority, refused: type[Exception], aws_under: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with aws_under(authority) as server:
        with pytest.raises(refused):
            call("sts")
        assert server.accepted == 1
    assert widened(capsys) == 0


def test_trust_is_widened_through_a_proxy_too(
    aws_under: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with aws_under(A_SIXTH) as server, socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever).start()
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_address[1]}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)

        with pytest.raises(Rejected):
            call("sts")
        proxy.shutdown()
        assert server.accepted == 2
    assert widened(capsys) == 1


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize(("authority", "refused"), [(A_SIXTH, Rejected), (AMAZONS, Unavailable)])
def test_other_partitions_are_verified_by_botocore_s_bundle(
    region: str, authority: Authority, refused: type[Exception], aws_under: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    with aws_under(authority) as server:
        with pytest.raises(refused):
            call("sts")
        assert server.accepted == 1


def test_without_amazon_s_roots_botocore_s_bundle_is_used(layer: Path, aws_under: Any) -> None:
    (layer / FILE).unlink()

    with aws_under(A_SIXTH) as server:
        with pytest.raises(Rejected):
            call("sts")
        assert server.accepted == 1
