"""What a cold start does concurrently: each side holds its answer back until it has seen the other side begin."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from tests import layers
from tests.docker.events import rooms_event, signin_event
from tests.issuers import Issuer
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 15
"""Seconds until a test gives up on what may come; what is done one after the other does not come."""
HELD_BACK = 2.0
"""Seconds that an answer is held back at most: less than the functions wait for one."""


@pytest.fixture
def server() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.close()


def start(
    function: str, server: Issuer, packages: set[str], settings: dict[str, str], event: dict[str, Any] | None = None
) -> None:
    """
    Start *function*, which tells *server* of each of *packages* that it begins to load.

    If there is an *event*, the function then tells that it has started, and answers it.
    """
    code = f"""\
import sys
import urllib.request

def tell(event, details):
    # Not by a finder: those are asked under a lock for which all other imports wait.
    if event == "import" and details[0] in {packages}:
        urllib.request.urlopen("{server.url}/loading/" + details[0]).close()

sys.addaudithook(tell)
import {function}.app
if {event!r}:
    urllib.request.urlopen("{server.url}/started").close()
    {function}.app.handler({event!r}, None)
"""
    layers.run(function, code, settings)


@pytest.fixture
def started(server: Issuer) -> threading.Event:
    event = threading.Event()

    def tell() -> dict[str, Any]:
        event.set()
        return {}

    server.serve("/started", tell)
    return event


def test_authorizer_loads_what_is_slow_while_issuers_answer(server: Issuer) -> None:
    """The issuer holds its keys back until cryptography is being loaded; that, and Powertools, until it was asked."""
    asked, loading = threading.Event(), threading.Event()
    waited_for: dict[str, bool] = {}

    def keys() -> dict[str, Any]:
        asked.set()
        waited_for["loading"] = loading.wait(HELD_BACK)
        return {"keys": [dict(rsa_signer().jwk)]}

    def begins(name: str) -> dict[str, Any]:
        loading.set()
        waited_for[name] = asked.wait(PATIENCE)
        return {}

    packages = {"cryptography", "aws_lambda_powertools"}
    for name in packages:
        server.serve(f"/loading/{name}", partial(begins, name))
    provider = {"name": "main", "issuer": server.url, "audience": "a", "jwks_uri": server.serve("/keys", keys)}

    start("authorizer", server, packages, {"PROVIDERS": json.dumps([provider])})

    assert waited_for == dict.fromkeys({*packages, "loading"}, True)


@pytest.mark.parametrize(("function", "event"), [("signin", signin_event("token")), ("rooms", rooms_event("token"))])
def test_what_can_wait_is_loaded_while_aws_answers(
    function: str, event: dict[str, Any], server: Issuer, started: threading.Event
) -> None:
    """AWS holds its answers back until Powertools is being loaded; that, after the start, until AWS was asked."""
    asked, loading = threading.Event(), threading.Event()
    waited_for: list[bool] = []

    def aws() -> Response:
        if started.is_set():  # before, connections are opened
            asked.set()
            waited_for.append(loading.wait(HELD_BACK))
        return Response("{}", 403, content_type="application/json")

    def begins() -> dict[str, Any]:
        waited_for.append(started.is_set())
        loading.set()
        waited_for.append(asked.wait(PATIENCE))
        return {}

    server.serve("/", aws)
    server.serve(f"/app-instance-users/{layers.SETTINGS[function]['CHIME_APP_INSTANCE_ARN']}/user/ada", aws)
    server.serve("/loading/aws_lambda_powertools", begins)
    settings = {
        **layers.SETTINGS[function],
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }

    start(function, server, {"aws_lambda_powertools"}, settings, event)

    assert len(waited_for) >= 3
    assert all(waited_for)
