"""What a token costs a warm authorizer, counted in calls of our functions: the same on every machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import authorizer
from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.settings import Settings
from tests import budgets
from tests.tokens import AUDIENCE, ISSUER, NOW, claims, rsa_signer

if TYPE_CHECKING:
    from types import FrameType

OURS = str(Path(authorizer.__file__).parent)
KEY = dict(rsa_signer().jwk)
PROVIDER = {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "keep_subject": True, "jwks": {"keys": [KEY]}}
OTHER = {"name": "other", "issuer": "https://other.example", "audience": AUDIENCE, "jwks": {"keys": [KEY]}}


def steps(*providers: dict[str, Any], **changes: Any) -> int:
    """Return how many functions of ours are called to decide about a good token with *changes*, once all is warm."""
    clock = Clock(wall_clock=lambda: NOW)
    warm = Authorizer(Settings.from_environ({"PROVIDERS": json.dumps(providers)}, clock), clock)
    event = {"methodArn": "arn", "headers": {"Authorization": f"Bearer {rsa_signer().token(claims(**changes))}"}}
    assert "subject" in warm.decide(event)["context"]
    called = 0

    def count(frame: FrameType, what: str, _argument: object) -> None:
        nonlocal called
        called += what == "call" and frame.f_code.co_filename.startswith(OURS)

    before = sys.getprofile()
    sys.setprofile(count)
    warm.decide(event)
    sys.setprofile(before)
    return called


def test_good_token_stays_within_its_budget() -> None:
    assert steps(PROVIDER) <= budgets.WARM_STEPS


def test_second_provider_costs_nothing() -> None:
    assert steps(PROVIDER, OTHER) == steps(PROVIDER)


def test_key_set_of_a_hundred_costs_nothing() -> None:
    many = [{**KEY, "kid": f"another-{number}"} for number in range(99)]

    assert steps({**PROVIDER, "jwks": {"keys": [*many, KEY]}}) == steps(PROVIDER)


def test_long_token_costs_no_more_calls_than_a_short_one() -> None:
    groups = [f"a-group-of-people-{number}" for number in range(150)]

    assert steps(PROVIDER, groups=groups) == steps(PROVIDER)
