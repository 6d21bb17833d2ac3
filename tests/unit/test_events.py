"""The events in events/ are such as the functions really get."""

from __future__ import annotations

import json

from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.settings import Settings
from signin.caller import VerifiedCaller, caller
from tests import tokens
from tests.docker.events import authorizer_event, rooms_event, signin_event

ADA = VerifiedCaller(
    provider="local",
    namespace="http://127.0.0.1:3001",
    keep_subject=True,
    subject="ada",
    name="Ada Lovelace",
    role="",
    expires=1_765_371_600,
)
CLOCK = Clock(wall_clock=lambda: tokens.NOW)
ADDED_BY_API_GATEWAY = {"principalId", "integrationLatency"}


def context() -> dict[str, object]:
    """Return the authorizer's context for Ada Lovelace, as it answers events/authorizer.json with her token."""
    signer = tokens.ec_signer()
    provider = {
        "name": "local", "issuer": ADA.namespace, "audience": tokens.AUDIENCE, "jwks": {"keys": [dict(signer.jwk)]},
    }  # fmt: skip
    settings = Settings.from_environ({"PROVIDERS": json.dumps([provider])}, clock=CLOCK)
    token = signer.token(tokens.claims(iss=ADA.namespace))
    given: dict[str, object] = Authorizer(settings, clock=CLOCK).decide(authorizer_event(token))["context"]
    return given


def test_authorizer_finds_the_token_in_its_event() -> None:
    assert context()["name"] == "Ada Lovelace"


def test_handler_finds_the_caller_in_its_event() -> None:
    assert caller(signin_event("")) == ADA


def test_handler_finds_the_caller_in_what_the_authorizer_says() -> None:
    assert caller(signin_event("", context())) == ADA._replace(expires=tokens.NOW + 3600)


def test_event_of_rooms_is_that_of_the_sign_in_but_for_its_route() -> None:
    event = rooms_event("")
    asked = event["pathParameters"]

    assert caller(event) == ADA
    assert (event["httpMethod"], event["resource"], event["path"]) == ("POST", "/meetings/{name}", "/meetings/stand-up")
    assert asked == {"name": "stand-up"}
    assert event["requestContext"]["resourcePath"] == event["resource"]
    assert event.keys() == signin_event("").keys()


def test_context_in_the_event_has_what_the_authorizer_says() -> None:
    written = signin_event("")["requestContext"]["authorizer"]
    assert written.keys() - ADDED_BY_API_GATEWAY == context().keys()
