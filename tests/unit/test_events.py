"""The events in events/ are such as the functions really get."""

from __future__ import annotations

import json
from dataclasses import replace

from authorizer.app import Authorizer
from authorizer.clock import Clock
from authorizer.settings import Settings
from signin.caller import VerifiedCaller, caller
from tests import tokens
from tests.docker.events import authorizer_event, signin_event

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
    assert caller(signin_event("", context())) == replace(ADA, expires=tokens.NOW + 3600)


def test_context_in_the_event_has_what_the_authorizer_says() -> None:
    written = signin_event("")["requestContext"]["authorizer"]
    assert written.keys() - ADDED_BY_API_GATEWAY == context().keys()
