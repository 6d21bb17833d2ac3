"""The whole authorizer before issuers that fail, lie, hang and change their keys: an outage is never a refusal."""

from __future__ import annotations

import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from authorizer.app import warm_up
from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.errors import KeysUnavailable
from authorizer.https import MAX_ANSWER_BYTES
from authorizer.refreshing_cache import COOL_DOWN, DEFAULT_LIFETIME, FIRST_COOL_DOWN, Fetch
from authorizer.settings import Settings
from tests.issuers import Issuer
from tests.tokens import AUDIENCE, NOW, Signer, claims, rsa_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLD, NEW = rsa_signer(kid="old"), rsa_signer(kid="new", number=2)
DISCOVERY = "/.well-known/openid-configuration"


def key_set(*signers: Signer) -> dict[str, Any]:
    return {"keys": [dict(signer.jwk) for signer in signers]}


class World:
    """Issuers that publish an old key, an authorizer that accepts their tokens, and the time that a test makes pass."""

    def __init__(self, *issuers: Issuer) -> None:
        self.passed = 0.0
        self.fetches: list[tuple[str, Fetch]] = []
        clock = Clock(lambda: NOW + self.passed, lambda: self.passed)
        entries = []
        for number, issuer in enumerate(issuers):
            keys_url = issuer.serve("/keys", key_set(OLD))
            issuer.serve(DISCOVERY, {"issuer": issuer.url, "jwks_uri": keys_url})
            entries.append(
                {"name": f"issuer-{number}", "issuer": issuer.url, "audience": AUDIENCE, "keep_subject": number == 0}
            )
        settings = Settings.from_environ(
            {"PROVIDERS": json.dumps(entries)}, clock, lambda name, fetch: self.fetches.append((name, fetch))
        )
        self.providers = settings.providers
        self.authorizer = Authorizer(settings, clock)

    def decide(self, issuer: Issuer, signer: Signer = OLD, **header: Any) -> str:
        """Return what becomes of a good token of *issuer*: "Allow", or the reason of the refusal."""
        token = signer.token(claims(iss=issuer.url, exp=NOW + 86400), **header)
        policy = self.authorizer.decide({"methodArn": "arn", "headers": {"Authorization": f"Bearer {token}"}})
        return str(policy["context"].get("reason", policy["policyDocument"]["Statement"][0]["Effect"]))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.close()


@pytest.fixture
def other() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.close()


@pytest.fixture
def world(issuer: Issuer) -> World:
    return World(issuer)


def drip() -> Iterator[bytes]:
    while True:
        yield b" "
        time.sleep(0.05)


def endless() -> Iterator[bytes]:
    while True:
        yield b" " * 65536


BAD_DAYS: dict[str, Callable[[], Response]] = {
    "fails": lambda: Response("no", 500),
    "redirects": lambda: Response("", 302, {"Location": "/elsewhere"}),
    "shows a page": lambda: Response("<html>", content_type="text/html"),
    "drips": lambda: Response(drip()),
    "never ends": lambda: Response(endless()),
    "packs a bomb": lambda: Response(gzip.compress(b" " * 20 * MAX_ANSWER_BYTES), headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("answer", BAD_DAYS.values(), ids=BAD_DAYS)
def test_issuer_on_a_bad_day_is_an_outage_until_it_mends(
    issuer: Issuer, world: World, answer: Callable[[], Response]
) -> None:
    issuer.serve("/elsewhere", key_set(OLD))
    issuer.serve("/keys", answer)
    with pytest.raises(KeysUnavailable):
        world.decide(issuer)
    assert "/elsewhere" not in issuer.asked

    issuer.serve("/keys", key_set(OLD))
    world.passed += FIRST_COOL_DOWN
    assert world.decide(issuer) == "Allow"


def test_discovery_document_on_a_bad_day_is_an_outage_until_it_mends(issuer: Issuer, world: World) -> None:
    document = issuer.documents[DISCOVERY]
    issuer.serve(DISCOVERY, lambda: Response("no", 503))
    with pytest.raises(KeysUnavailable):
        world.decide(issuer)

    issuer.serve(DISCOVERY, document)
    world.passed += FIRST_COOL_DOWN
    assert world.decide(issuer) == "Allow"


def test_key_that_is_new_a_second_after_a_cold_start_is_accepted(issuer: Issuer, world: World) -> None:
    warm_up(world.providers)
    issuer.serve("/keys", key_set(OLD, NEW))
    world.passed += 1

    assert world.decide(issuer, NEW) == "Allow"
    assert world.decide(issuer, OLD) == "Allow"
    assert issuer.asked.count("/keys") == 2


def test_a_thousand_random_key_ids_make_two_fetches(issuer: Issuer, world: World) -> None:
    assert world.decide(issuer, kid="random") == "unknown_key"
    for number in range(1000):
        with pytest.raises(KeysUnavailable, match="a moment ago"):
            world.decide(issuer, kid=f"random-{number}")

    assert issuer.asked.count("/keys") == 2
    assert world.decide(issuer) == "Allow"


def test_dead_issuer_costs_nothing_while_it_is_left_alone(issuer: Issuer, world: World) -> None:
    """Anybody can write its name into a token that nobody signed."""
    issuer.serve(DISCOVERY, lambda: Response("no", 503))
    for _ in range(100):
        with pytest.raises(KeysUnavailable):
            world.decide(issuer)

    assert issuer.asked == [DISCOVERY]


@pytest.mark.parametrize("kid", ["main", None], ids=["with a name", "without names"])
@pytest.mark.parametrize("lives", [None, 86400], ids=["ten minutes", "a day"])
def test_key_that_was_changed_under_its_name_is_accepted_at_once(
    issuer: Issuer, world: World, kid: str | None, lives: int | None
) -> None:
    old, new = rsa_signer(kid="main"), rsa_signer(kid="main", number=2)

    def serves(signer: Signer) -> None:
        jwk = {name: value for name, value in signer.jwk.items() if name != "kid" or kid}
        headers = {"Cache-Control": f"max-age={lives}"} if lives else {}
        body = json.dumps({"keys": [jwk]})
        issuer.serve("/keys", lambda: Response(body, content_type="application/json", headers=headers))

    serves(old)
    assert world.decide(issuer, old, kid=kid) == "Allow"
    serves(new)
    world.passed += 30

    assert world.decide(issuer, new, kid=kid) == "Allow"
    assert world.decide(issuer, old, kid=kid) == "bad_signature"
    assert issuer.asked.count("/keys") == 2


def test_fifty_forgeries_make_two_fetches(issuer: Issuer, world: World) -> None:
    forger = rsa_signer(kid="old", number=3)

    assert {world.decide(issuer, forger) for _ in range(50)} == {"bad_signature"}
    assert issuer.asked.count("/keys") == 2


def test_published_key_without_a_name_verifies_a_token_that_names_one(issuer: Issuer, world: World) -> None:
    issuer.serve("/keys", {"keys": [{name: value for name, value in OLD.jwk.items() if name != "kid"}]})

    assert world.decide(issuer, OLD) == "Allow"
    assert world.decide(issuer, NEW) == "bad_signature"


def test_fifty_at_once_on_a_cold_start_make_one_fetch(issuer: Issuer, world: World) -> None:
    """The issuer answers nobody before all fifty have come."""
    fifty = threading.Barrier(50)
    have_come = threading.Event()

    def keys() -> dict[str, Any]:
        have_come.wait(timeout=30)
        return key_set(OLD)

    def ask() -> str:
        if fifty.wait(timeout=30) == 0:
            have_come.set()
        return world.decide(issuer)

    issuer.serve("/keys", keys)
    with ThreadPoolExecutor(50) as threads:
        answers = [threads.submit(ask) for _ in range(50)]

    assert [answer.result() for answer in answers] == ["Allow"] * 50
    assert issuer.asked == [DISCOVERY, "/keys"]


def test_key_that_its_issuer_revoked_is_refused_after_the_lifetime_of_the_set(issuer: Issuer, world: World) -> None:
    assert world.decide(issuer, OLD) == "Allow"
    issuer.serve("/keys", key_set(NEW))

    assert world.decide(issuer, OLD) == "Allow"
    world.passed += DEFAULT_LIFETIME + 1
    assert world.decide(issuer, OLD) == "unknown_key"
    assert world.decide(issuer, NEW) == "Allow"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"keys": []}, id="an empty set"),
        pytest.param({"keys": [{"kty": "RSA", "kid": "old", "n": "AQAB", "e": "AQAB"}]}, id="a broken key"),
        pytest.param({"error": "quota exceeded"}, id="an error with status 200"),
        pytest.param(Response("{"), id="half an answer"),
    ],
)
def test_answer_without_keys_replaces_none(issuer: Issuer, world: World, answer: Any) -> None:
    assert world.decide(issuer) == "Allow"
    issuer.serve("/keys", answer)
    world.passed += DEFAULT_LIFETIME + 1

    assert world.decide(issuer) == "Allow"
    assert issuer.asked.count("/keys") == 2
    with pytest.raises(KeysUnavailable):
        world.decide(issuer, NEW)

    issuer.serve("/keys", key_set(OLD, NEW))
    world.passed += COOL_DOWN
    assert world.decide(issuer, NEW) == "Allow"


def test_provider_that_hangs_harms_no_other(issuer: Issuer, other: Issuer) -> None:
    """The other's tokens are judged while the first one's hang."""
    world, mends = World(issuer, other), threading.Event()

    def keys() -> dict[str, Any]:
        mends.wait(timeout=30)
        return key_set(OLD)

    issuer.serve("/keys", keys)
    with ThreadPoolExecutor(1) as thread:
        hanging = thread.submit(world.decide, issuer)
        while "/keys" not in issuer.asked:
            time.sleep(0.001)
        assert world.decide(other) == "Allow"
        assert not hanging.done()
        mends.set()

    assert hanging.result() == "Allow"


def test_provider_that_fails_harms_no_other(issuer: Issuer, other: Issuer) -> None:
    world = World(issuer, other)
    issuer.serve("/keys", lambda: Response("no", 500))
    warm_up(world.providers)

    with pytest.raises(KeysUnavailable):
        world.decide(issuer)
    assert world.decide(other) == "Allow"


def test_start_does_not_wait_for_an_issuer_that_hangs(issuer: Issuer, other: Issuer) -> None:
    """It hangs until the test has seen that the start is over, and its keys are then the first token's to wait for."""
    world, start_is_over = World(issuer, other), threading.Event()

    def keys() -> dict[str, Any]:
        start_is_over.wait(timeout=30)
        return key_set(OLD)

    issuer.serve("/keys", keys)
    warm_up(world.providers, seconds=0.5)

    assert "issuer-0" not in [name for name, _ in world.fetches]
    start_is_over.set()
    assert world.decide(issuer) == "Allow"
    assert world.decide(other) == "Allow"
