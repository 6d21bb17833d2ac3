"""The upstream that contenders meet, and the contenders that need nothing but Python."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest
import urllib3

from benchmarks.measure import CannotMeasureError
from benchmarks.programs import CONTENDERS, Program, check_refusals, check_signed_in
from benchmarks.replay import Replay
from benchmarks.rooms import Door, at_ours, calls_of_aws, warm
from benchmarks.upstream import ROOT, Upstream, upstream
from local.http.server import Server
from tests import budgets
from tests.docker.events import authorizer_event, rooms_event, signin_event
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from benchmarks.upstream import Upstream

CONTEXT = {"subject": "ada", "name": "Ada Lovelace"}


@pytest.fixture(scope="module")
def secured() -> Iterator[Upstream]:
    with upstream(delay=0, tls=True) as running:
        yield running


def contender(running: Upstream, handler: str, function: str = "SigninFunction") -> Program:
    """Return a contender in this Python, with its packages in place of those that `make bench` installs."""
    assert running.trust
    authority = running.trust.folder / "authority.pem"
    authority.write_bytes(running.trust.authority.certificate)
    issuer = {name.upper(): value for name, value in running.issuer.items()}
    trust = {"AWS_CA_BUNDLE": str(authority), "SSL_CERT_FILE": str(authority)}
    path = os.pathsep.join(map(str, (CONTENDERS, ROOT / "signin_function")))
    environment = {**running.environments[function], **issuer, **trust, "PYTHONPATH": path}
    return Program((sys.executable, "-P", "-W", "ignore", str(CONTENDERS / "driver.py"), handler), environment)


def test_boto3_signs_in_again_and_again_over_tls(secured: Upstream) -> None:
    before = secured.opened()
    with contender(secured, "plain_boto3.handler").running() as ask:
        for _ in range(2):
            check_signed_in(ask(signin_event(secured.token, CONTEXT))["answer"])
    assert secured.opened() == before + 2  # one connection to STS, and one to Chime


def test_powertools_allows_a_good_token_and_no_other_over_tls(secured: Upstream) -> None:
    before = secured.opened()
    with contender(secured, "powertools_jwt.handler").running() as ask:
        check_refusals("Powertools", ask, secured)
        allowed = ask(authorizer_event(secured.token))["answer"]
    assert allowed["context"] == {"sub": "ada", "name": "Ada Lovelace"}
    assert secured.opened() == before + 1


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        pytest.param("Allow", "It allowed a token of another issuer, for another audience, that has expired", id="all"),
        pytest.param("Deny", "A contender refused a good token", id="none"),
    ],
)
def test_whoever_allows_or_denies_without_looking_is_not_measured(secured: Upstream, effect: str, reason: str) -> None:
    with pytest.raises(CannotMeasureError, match=reason):
        check_refusals("It", lambda _: {"answer": {"policyDocument": {"Statement": [{"Effect": effect}]}}}, secured)


def test_a_contender_s_error_is_told() -> None:
    failing = 'import os, sys; input(); os.write(int(sys.argv[1]), b\'{"error": "Unauthorized"}\\n\')'
    with pytest.raises(CannotMeasureError, match="A contender failed: Unauthorized"):
        Program((sys.executable, "-c", failing), {}).cold({}, print)


@pytest.mark.parametrize("scheme", ["https", pytest.param("http", id="without TLS")])
def test_a_client_that_does_not_trust_the_authority_or_goes_without_tls_stops_the_run(
    secured: Upstream, scheme: str
) -> None:
    url = secured.issuer["jwks_uri"].replace("https:", f"{scheme}:")
    with urllib3.PoolManager() as client, pytest.raises(urllib3.exceptions.HTTPError):
        client.request("GET", url, retries=False)
    until(lambda: is_told(secured))  # the client is the first to know
    secured.opened()  # is told once


def is_told(secured: Upstream) -> bool:
    """Tell whether somebody was refused since this was last asked."""
    try:
        secured.opened()
    except CannotMeasureError as error:
        assert "refused the certificate of the issuer, or asked without TLS" in str(error)  # noqa: PT017 - it may be none
        return True
    return False


def test_rooms_are_entered_and_their_calls_counted(secured: Upstream) -> None:
    with contender(secured, "rooms.app.handler", "RoomsFunction").running() as ask:
        door = Door(warm(ask), partial(at_ours, rooms_event(secured.token)))
        found = {
            "a room that is opened": calls_of_aws(secured, door.enter_new),
            "a room that is open": calls_of_aws(secured, door.enter_open),
        }
        assert calls_of_aws(secured, door.enter_new) == found["a room that is opened"]  # however soon after the first
    assert found == {case: len(budgets.CALLS[case]) for case in found}


class Origin:
    """Answers with the number of the request; the first answer to `/late` is an error."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            bad = self.asked.count("GET /late") == 1 and environ["PATH_INFO"] == "/late"
        body = str(len(self.asked)).encode()
        start_response("500 Oh" if bad else "200 OK", [("Content-Length", str(len(body)))])
        return [body]


def test_only_the_first_of_a_kind_is_asked_of_the_origin() -> None:
    origin = Origin()
    with closing(Server(origin)) as server, Replay(server.port, delay=0) as replay, urllib3.PoolManager() as client:

        def post(action: str) -> bytes:
            return client.request("POST", f"{replay.url}/", body=f"Action={action}&Version=1", retries=False).data

        assert [post("A"), post("B"), post("A")] == [b"1", b"2", b"1"]
    assert origin.asked == ["POST /", "POST /"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/meetings", {}, id="a meeting"),
        pytest.param("/meetings/1/attendees", {}, id="an attendee"),
        pytest.param("/", {"X-Amz-Target": "DynamoDB_20120810.GetItem"}, id="an item"),
    ],
)
def test_what_depends_on_earlier_calls_is_always_asked_of_the_origin(path: str, headers: dict[str, str]) -> None:
    with closing(Server(Origin())) as server, Replay(server.port, delay=0) as replay, urllib3.PoolManager() as client:

        def post() -> bytes:
            return client.request("POST", f"{replay.url}{path}", headers=headers, retries=False).data

        assert [post(), post()] == [b"1", b"2"]


def test_an_answer_that_takes_longer_than_the_delay_is_late() -> None:
    with closing(Server(Origin())) as server, Replay(server.port, delay=0) as replay, urllib3.PoolManager() as client:
        late = []
        for method in ("GET", "HEAD"):  # a HEAD has no delay
            client.request(method, replay.url, retries=False)
            late.append(replay.connections()["late"])
    assert late == [1, 1]


def test_an_error_is_not_remembered() -> None:
    with closing(Server(Origin())) as server, Replay(server.port, delay=0) as replay, urllib3.PoolManager() as client:
        statuses = [client.request("GET", f"{replay.url}/late", retries=False).status for _ in range(3)]
    assert statuses == [500, 200, 200]


def test_an_answer_without_a_body_ends_with_its_head() -> None:
    with closing(Server(Origin())) as server, Replay(server.port, delay=0) as replay, urllib3.PoolManager() as client:
        assert client.request("HEAD", f"{replay.url}/", retries=False).status == 200
        assert client.request("GET", f"{replay.url}/", retries=False).data == b"2"
