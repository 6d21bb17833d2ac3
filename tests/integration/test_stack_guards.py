"""What every port of the local stack refuses: requests for names of other machines, and bodies that are too large."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from local.http.bodies import MAX_BODY_BYTES
from local.stack import LocalStack, StackOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTES = [
    ("api", "GET", "/"),
    ("api", "GET", "/local/page.js"),
    ("api", "POST", "/signin"),
    ("api", "OPTIONS", "/signin"),
    ("api", "GET", "/nowhere"),
    ("api", "GET", "/local/aws/calls"),
    ("api", "POST", "/local/aws/faults"),
    ("issuer", "GET", "/.well-known/openid-configuration"),
    ("issuer", "POST", "/token"),
    ("issuer", "OPTIONS", "/token"),
    ("issuer", "POST", "/local/rotate"),
    ("aws", "POST", "/"),
    ("aws", "OPTIONS", "/"),
    ("aws", "GET", "/connect"),
    ("aws", "GET", "/local/calls"),
    ("aws", "POST", "/local/credentials"),
]
TAKE_BODIES = [route for route in ROUTES if route[1] == "POST"]
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ANYWHERE = "rebound.example"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(StackOptions(log=lambda _: None)) as running:
        yield running


def connected(stack: LocalStack, side: str, *, tls: bool = False) -> http.client.HTTPConnection:
    server = stack.servers[side]
    if not tls:
        return http.client.HTTPConnection(server.host, server.port, timeout=60)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(server.host, server.port, timeout=60, context=trusting)


def called(
    stack: LocalStack, route: tuple[str, str, str], hosts: list[str], *, tls: bool = False
) -> tuple[int, bytes, str]:
    """Return status, body and content type of the answer to a request that names *hosts* in its Host headers."""
    side, method, path = route
    with closing(connected(stack, side, tls=tls)) as client:
        client.putrequest(method, path, skip_host=True)
        for host in hosts:
            client.putheader("Host", host)
        for name, value in (UPGRADE if path == "/connect" else {}).items():
            client.putheader(name, value)
        client.endheaders()
        answer = client.getresponse()
        # A WebSocket has no body.
        return answer.status, b"" if answer.status == 101 else answer.read(), answer.headers["Content-Type"] or ""


def test_routes_are_on_every_port(stack: LocalStack) -> None:
    assert {side for side, *_ in ROUTES} == {side for side, *_ in TAKE_BODIES} == set(stack.servers)


@pytest.mark.parametrize(
    ("route", "tls"), [*((route, False) for route in ROUTES), *((route, True) for route in ROUTES if route[0] == "aws")]
)
def test_request_for_another_name_is_refused(stack: LocalStack, route: tuple[str, str, str], tls: bool) -> None:  # noqa: FBT001 - a parameter
    side, *_ = route
    status, body, kind = called(stack, route, [f"{ANYWHERE}:{stack.servers[side].port}"], tls=tls)
    assert (status, kind) == (421, "application/json")
    assert json.loads(body) == {
        "error": "bad_request",
        "error_description": "This is localhost, and answers to no such name.",
    }


@pytest.mark.parametrize("route", ROUTES)
def test_request_for_this_machine_is_accepted(stack: LocalStack, route: tuple[str, str, str]) -> None:
    side, *_ = route
    assert called(stack, route, [f"localhost:{stack.servers[side].port}"])[0] != 421


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("localhost", id="a name without a port"),
        pytest.param("LocalHost:1", id="a name in another case, with another port"),
        pytest.param("127.0.0.1:3000", id="an address"),
        pytest.param("127.0.0.53", id="another loopback address"),
        pytest.param("[::1]:3000", id="an address of IPv6"),
        pytest.param("172.17.0.1:3000", id="Docker's bridge"),
        pytest.param("host.docker.internal:3000", id="the name in Docker's containers"),
        pytest.param("host.containers.internal", id="the name in Podman's containers"),
    ],
)
@pytest.mark.parametrize("side", ["api", "issuer", "aws"])
def test_names_of_this_machine_are_accepted(stack: LocalStack, side: str, host: str) -> None:
    assert called(stack, (side, "OPTIONS", "/token"), [host])[0] != 421


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param([""], id="an empty one"),
        pytest.param([f"localhost.{ANYWHERE}"], id="a name that begins with ours"),
        pytest.param(["notlocalhost"], id="a name that ends with ours"),
        pytest.param([f"127.0.0.1.{ANYWHERE}"], id="a name that begins with an address"),
        pytest.param([f"localhost@{ANYWHERE}"], id="ours as a user"),
        pytest.param([f"{ANYWHERE}:80:localhost"], id="ours as a port"),
        pytest.param(["127.0.0.1:port"], id="an invalid port"),
        pytest.param(["local host"], id="a blank"),
        pytest.param(["999.0.0.1"], id="an invalid address"),
        pytest.param(["chime.us-east-1.amazonaws.com.rebound.example"], id="a name that begins with AWS's"),
        pytest.param(["xamazonaws.com"], id="a name that ends like AWS's"),
        pytest.param(["chime.aws"], id="the domain of AWS's names itself"),
    ],
)
@pytest.mark.parametrize("side", ["api", "issuer", "aws"])
def test_other_names_are_refused(stack: LocalStack, side: str, hosts: list[str]) -> None:
    assert called(stack, (side, "OPTIONS", "/token"), hosts)[0] == 421


@pytest.mark.parametrize(
    "hosts", [pytest.param([], id="none"), pytest.param(["localhost", ANYWHERE], id="two, the first one ours")]
)
@pytest.mark.parametrize("side", ["api", "issuer", "aws"])
def test_request_without_exactly_one_name_cannot_be_read(stack: LocalStack, side: str, hosts: list[str]) -> None:
    assert called(stack, (side, "OPTIONS", "/token"), hosts)[0] == 400


@pytest.mark.parametrize(("side", "status"), [("api", 421), ("issuer", 421), ("aws", 200)])
def test_names_of_aws_are_its_port_s_alone(stack: LocalStack, side: str, status: int) -> None:
    route = (side, "OPTIONS", "/")
    services = ("identity-chime", "messaging-chime", "meetings-chime", "sts")
    names = [f"{service}.us-east-1.amazonaws.com" for service in services]
    for name in (*names, "node001.ue1.ws-messaging.chime.aws", "signal.m1.ue1.app.chime.aws:443", "files.localhost"):
        assert called(stack, route, [name])[0] == status


@pytest.mark.parametrize("path", ["/local/calls", "//local/calls", "/%6cocal/calls"])
def test_names_of_aws_lead_to_aws_and_not_to_the_control_paths(stack: LocalStack, path: str) -> None:
    # The DNS of an untrusted network can point such a name at this machine, and a page of that name would get here.
    for host in ("anybody.s3.amazonaws.com", "sts.us-east-1.amazonaws.com", "files.localhost"):
        assert called(stack, ("aws", "GET", path), [host])[0] == 421


def test_name_in_the_request_line_counts(stack: LocalStack) -> None:
    assert called(stack, ("aws", "GET", f"http://{ANYWHERE}/local/calls"), ["localhost"])[0] == 421
    assert called(stack, ("aws", "GET", "http://localhost/local/calls"), [ANYWHERE])[0] == 200


@pytest.mark.parametrize("route", TAKE_BODIES)
def test_body_with_too_large_a_length_is_refused_unread(stack: LocalStack, route: tuple[str, str, str]) -> None:
    side, method, path = route
    with closing(connected(stack, side)) as client:
        client.putrequest(method, path)
        client.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
        client.endheaders()
        check_too_large(client.getresponse())


@pytest.mark.parametrize("route", TAKE_BODIES)
def test_body_in_chunks_is_refused_when_it_is_too_large(stack: LocalStack, route: tuple[str, str, str]) -> None:
    side, method, path = route
    chunks = (b" " * 0x100000 for _ in range(11))
    with closing(connected(stack, side)) as client:
        client.request(method, path, chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        check_too_large(client.getresponse())


def check_too_large(answer: http.client.HTTPResponse) -> None:
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/json")
    assert json.loads(answer.read())["error"] == "too_large"


def test_form_of_more_parts_than_moto_reads_is_too_large(stack: LocalStack) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nGetCallerIdentity\r\n'
    with closing(connected(stack, "aws")) as client:
        client.request("POST", "/", part * 1001 + b"--x--", headers={"Content-Type": "multipart/form-data; boundary=x"})
        check_too_large(client.getresponse())


def test_page_may_read_that_its_body_is_too_large(stack: LocalStack) -> None:
    for side, path in (("issuer", "/token"), ("aws", "/")):
        with closing(connected(stack, side)) as client:
            client.request(
                "POST", path, headers={"Content-Length": str(MAX_BODY_BYTES + 1), "Origin": "https://app.example"}
            )
            assert client.getresponse().headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(("length", "status"), [("9" * 20, 413), ("9" * 21, 400), ("9" * 5000, 400), ("-1", 400)])
def test_enormous_length_is_refused(stack: LocalStack, length: str, status: int) -> None:
    for side, method, path in TAKE_BODIES:
        with closing(connected(stack, side)) as client:
            client.putrequest(method, path)
            client.putheader("Content-Length", length)
            client.endheaders()
            assert client.getresponse().status == status


@pytest.mark.parametrize("route", TAKE_BODIES)
def test_invalid_chunks_are_a_bad_request(stack: LocalStack, route: tuple[str, str, str]) -> None:
    side, method, path = route
    with closing(connected(stack, side)) as client:
        client.putrequest(method, path)
        client.putheader("Transfer-Encoding", "chunked")
        client.endheaders(b"no length\r\n")
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]) == (400, "bad_request")


@pytest.mark.parametrize("chunked", [False, True])
def test_largest_body_is_accepted(stack: LocalStack, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    body = b'{"sub": "ada"}'.ljust(MAX_BODY_BYTES)
    with closing(connected(stack, "issuer")) as client:
        client.request("POST", "/token", iter([body]) if chunked else body, encode_chunked=chunked)
        answer = client.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["token_type"] == "Bearer"
