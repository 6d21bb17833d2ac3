"""
A plugin of pytest: whenever a test has a token verified, ask the doctor and the authorizer too, and compare them.

`tests/unit/test_doctor_agrees.py` runs the tables of tokens with it. At the end it writes how often each reason was
given, as JSON, into the file that the variable AGREEMENT names.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import authorizer.verifier
from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.errors import KeysUnavailable
from authorizer.settings import TOKEN_LENGTHS, Settings
from operations.doctor.judgement import NO_TOKEN, UNAVAILABLE, judge

if TYPE_CHECKING:
    from authorizer.claims import Caller
    from authorizer.providers import Providers

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/v1/POST/signin"
GIVEN: Counter[str] = Counter()
FILE = Path(os.environ["AGREEMENT"])
# Both have it already under its own name.
REALLY_VERIFY = authorizer.verifier.verify


def verify(unverified_token: str, providers: Providers, now: float) -> Caller:
    """Verify the token, after the doctor and the authorizer have said the same of it."""
    settings = Settings(providers, accept_base64=False, max_token_length=max(TOKEN_LENGTHS))
    told = judge(unverified_token, settings, now)
    assert told.reason == _decided(unverified_token, settings, now)
    assert bool(told.caller) is not bool(told.reason)
    if told.reason:
        assert told.what, told
        assert told.found, told
        assert told.wanted, told
        assert told.mend, told
    GIVEN[told.reason] += 1
    return REALLY_VERIFY(unverified_token, providers, now)


def _decided(token: str, settings: Settings, now: float) -> str:
    """Return the reason that the authorizer gives; empty if it accepts."""
    event = {"methodArn": ARN, "headers": {"Authorization": f"Bearer {token}"}}
    try:
        policy = Authorizer(settings, Clock(wall_clock=lambda: now)).decide(event)
    except KeysUnavailable:
        return UNAVAILABLE
    except Exception as error:
        if str(error) != "Unauthorized":
            raise
        return NO_TOKEN
    context: dict[str, Any] = policy["context"]
    return str(context.get("reason") or context.get("forbidden") or "")


def pytest_configure() -> None:
    """Put it in the place of the real one before any test module has that."""
    authorizer.verifier.verify = verify


def pytest_unconfigure() -> None:
    """Tell the test that has started us."""
    FILE.write_text(json.dumps(GIVEN))
