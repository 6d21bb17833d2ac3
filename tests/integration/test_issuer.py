"""The local stack's token issuer, over HTTP."""

from __future__ import annotations

import base64
import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from cryptography.exceptions import InvalidSignature
from jose import jwk

from local.http.server import Server
from local.issuer.issuer import Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTP = urllib3.PoolManager(retries=False)
DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/jwks.json"


class Client:
    """A client of a running issuer."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        return HTTP.request(method, self.url + path, body=data, headers=headers)

    def claims(self, **wanted: Any) -> dict[str, Any]:
        return part(self("POST", "/token", wanted).json()["access_token"], 1)

    def keys(self) -> dict[str, dict[str, str]]:
        return {key["kid"]: key for key in self("GET", JWKS).json()["keys"]}

    def verified(self, token: str) -> bool:
        """Tell whether the token was signed by the published key that it names."""
        signed, _, signature = token.rpartition(".")
        key = jwk.construct(self.keys()[part(token, 0)["kid"]])
        try:
            return bool(key.verify(signed.encode(), decoded(signature)))
        except InvalidSignature:
            return False


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(token: str, number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(decoded(token.split(".")[number]))
    return found


@pytest.fixture
def issuer() -> Iterator[Client]:
    application = Issuer()
    with closing(Server(application)) as server:
        application.url = server.url
        yield Client(server.url)


def test_discovery_names_the_issuer_letter_for_letter(issuer: Client) -> None:
    found = issuer("GET", DISCOVERY).json()
    assert found["issuer"] == issuer.url
    assert found["jwks_uri"] == f"{issuer.url}{JWKS}"
    assert found["token_endpoint"] == f"{issuer.url}/token"


def test_key_set_tells_the_use_of_each_key(issuer: Client) -> None:
    keys = issuer.keys().values()
    assert {(key["kty"], key["alg"], key["use"]) for key in keys} == {("RSA", "RS256", "sig"), ("EC", "ES256", "sig")}
    assert not any("d" in key for key in keys)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_token_is_signed_by_a_published_key(issuer: Client, algorithm: str) -> None:
    token = issuer("POST", "/token", {"alg": algorithm}).json()["access_token"]
    assert part(token, 0)["alg"] == algorithm
    assert issuer.verified(token)
    head, claims, signature = token.split(".")
    assert not issuer.verified(f"{head}.{claims}x.{signature}")


def test_token_endpoint_answers_as_oauth_does(issuer: Client) -> None:
    answer = issuer("POST", "/token", {"sub": "ada", "expires_in": 60}).json()
    assert answer.pop("access_token").count(".") == 2
    assert answer == {"token_type": "Bearer", "expires_in": 60}
    assert issuer("POST", "/token", {}).json()["expires_in"] == 3600


def test_missing_claims_are_added(issuer: Client) -> None:
    before = int(time.time())
    claims = issuer.claims(name="Ada")
    assert before <= claims.pop("iat") <= time.time()
    assert before + 3600 <= claims.pop("exp") <= time.time() + 3600
    assert claims == {"iss": issuer.url, "aud": "chime-signin", "name": "Ada"}


@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp"])
def test_given_claim_is_kept(issuer: Client, claim: str) -> None:
    assert issuer.claims(**{claim: "mine"})[claim] == "mine"


@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp", "sub"])
def test_claim_of_null_is_left_out(issuer: Client, claim: str) -> None:
    assert claim not in issuer.claims(**{claim: None})


def test_expired_token_was_issued_before_it_expired(issuer: Client) -> None:
    claims = issuer.claims(expires_in=-10)
    assert claims["iat"] < claims["exp"] < time.time() - 5


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/token", b"", id="no body"),
        pytest.param("/token", b"{", id="not JSON"),
        pytest.param("/token", b"[" * 100_000, id="lists nested too deeply"),
        pytest.param("/token", b"\xff", id="not UTF-8"),
        pytest.param("/token", [], id="a list"),
        pytest.param("/token", {"alg": "HS256"}, id="an algorithm that it has no key for"),
        pytest.param("/token", {"alg": []}, id="an algorithm that is a list"),
        pytest.param("/token", {"expires_in": "1"}, id="a lifetime that is a string"),
        pytest.param("/token", {"expires_in": True}, id="a lifetime that is a boolean"),
        pytest.param("/token", b'{"expires_in": 1e999}', id="an endless lifetime"),
        pytest.param("/local/rotate", {"drop_old": "yes"}, id="a rotation with a string"),
        pytest.param("/local/faults", {"status": "500"}, id="a fault with a string"),
        pytest.param("/local/faults", {"status": 99}, id="a fault with a status that HTTP does not have"),
        pytest.param("/local/faults", {"nonsense": 1}, id="a fault with an unknown member"),
    ],
)
def test_invalid_request_is_a_bad_request(issuer: Client, path: str, body: object) -> None:
    answer = issuer("POST", path, body)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_rotation_signs_with_a_new_key_and_publishes_the_old_one(issuer: Client) -> None:
    old = issuer("POST", "/token", {}).json()["access_token"]
    assert issuer("POST", "/local/rotate").status == 204
    new = issuer("POST", "/token", {}).json()["access_token"]
    assert part(new, 0)["kid"] != part(old, 0)["kid"]
    assert issuer.verified(old)
    assert issuer.verified(new)


def test_rotation_can_drop_the_old_keys(issuer: Client) -> None:
    old = issuer.keys()
    issuer("POST", "/local/rotate", {"drop_old": True})
    assert not old.keys() & issuer.keys().keys()
    assert len(issuer.keys()) == 2


def test_fault_changes_as_many_answers_as_it_says(issuer: Client) -> None:
    issuer("POST", "/local/faults", {"status": 503, "times": 2})
    assert [issuer("GET", JWKS).status for _ in range(3)] == [503, 503, 200]


def test_fault_without_end_lasts_until_it_is_cleared(issuer: Client) -> None:
    issuer("POST", "/local/faults", {"status": 500, "times": -1})
    assert [issuer("GET", JWKS).status for _ in range(3)] == [500, 500, 500]
    assert issuer("GET", DISCOVERY).status == 200
    issuer("DELETE", "/local/faults")
    assert issuer("GET", JWKS).status == 200


def test_fault_is_listed_until_it_is_over(issuer: Client) -> None:
    assert issuer("GET", "/local/faults").json() == []
    for times, left in ((2, 1), (-1, -1)):
        issuer("POST", "/local/faults", {"status": 500, "times": times})
        issuer("GET", JWKS)
        assert issuer("GET", "/local/faults").json() == [{"status": 500, "delay_ms": 0, "times": left}]
    issuer("DELETE", "/local/faults")
    assert issuer("GET", "/local/faults").json() == []


def test_fault_without_status_only_delays(issuer: Client) -> None:
    issuer("POST", "/local/faults", {"delay_ms": 300})
    started = time.monotonic()
    assert issuer("GET", JWKS).status == 200
    assert time.monotonic() - started >= 0.3


def test_fetches_are_listed(issuer: Client) -> None:
    issuer("POST", "/local/faults", {"status": 500})
    for path in (DISCOVERY, JWKS, JWKS):
        issuer("GET", path)
    assert issuer("GET", "/local/calls").json() == [
        {"path": DISCOVERY, "status": 200},
        {"path": JWKS, "status": 500},
        {"path": JWKS, "status": 200},
    ]
    issuer("DELETE", "/local/calls")
    assert issuer("GET", "/local/calls").json() == []


@pytest.mark.parametrize(
    ("method", "path"), [("OPTIONS", "/token"), ("POST", "/token"), ("GET", JWKS), ("GET", "/nowhere")]
)
def test_any_page_may_call(issuer: Client, method: str, path: str) -> None:
    headers = issuer(method, path, {} if method == "POST" else None, Origin="http://127.0.0.1:3000").headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Type" in headers["Access-Control-Allow-Headers"]


def test_unknown_path_is_not_found(issuer: Client) -> None:
    assert issuer("GET", "/nowhere").status == 404
    assert issuer("GET", "/token").status == 405
