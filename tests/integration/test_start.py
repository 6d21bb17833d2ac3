"""What a cold start does at the same time: whoever is asked answers only when the other half is under way."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests import layers
from tests.issuers import Issuer
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 15
"""Seconds until a test gives up; what is done one after the other would wait for ever."""


@pytest.fixture
def server() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.close()


def started(function: str, server: Issuer, packages: set[str], settings: dict[str, str]) -> list[dict[str, Any]]:
    """Return what *function* logs while it starts, telling *server* of each of *packages* that it begins to load."""
    code = f"""\
import sys
import urllib.request

def tell(event, details):
    # Not by a finder: those are asked under a lock for which all other imports wait.
    if event == "import" and details[0] in {packages}:
        urllib.request.urlopen("{server.url}/loading/" + details[0]).close()

sys.addaudithook(tell)
import {function}.app
"""
    return [json.loads(line) for line in layers.run(function, code, settings).splitlines()]


def test_authorizer_loads_what_is_slow_while_issuers_answer(server: Issuer) -> None:
    """The issuer holds its keys back until both are being loaded, and those are held back until it was asked."""
    asked = threading.Event()
    loading = {"cryptography": threading.Event(), "aws_lambda_powertools": threading.Event()}
    waited_for: list[bool] = []

    def keys() -> dict[str, Any]:
        asked.set()
        waited_for.extend(event.wait(PATIENCE) for event in loading.values())
        return {"keys": [dict(rsa_signer().jwk)]}

    def begins(name: str) -> dict[str, Any]:
        loading[name].set()
        waited_for.append(asked.wait(PATIENCE))
        return {}

    for name in loading:
        server.serve(f"/loading/{name}", partial(begins, name))
    provider = {"name": "main", "issuer": server.url, "audience": "a", "jwks_uri": server.serve("/keys", keys)}

    logged = started("authorizer", server, set(loading), {"PROVIDERS": json.dumps([provider])})

    assert "keys fetched" in [event.get("message") for event in logged]
    assert waited_for == [True] * 4


def test_handler_loads_what_can_wait_while_connections_open(server: Issuer) -> None:
    """Powertools is held back until both connections are being opened."""
    opened = threading.Semaphore(0)
    both: list[bool] = []

    def loading() -> dict[str, Any]:
        both.append(all([opened.acquire(timeout=PATIENCE), opened.acquire(timeout=PATIENCE)]))
        return {}

    def connection() -> dict[str, Any]:
        opened.release()
        return {}

    server.serve("/", connection)
    server.serve("/loading/aws_lambda_powertools", loading)
    settings = {
        **layers.SETTINGS["signin"],
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }

    started("signin", server, {"aws_lambda_powertools"}, settings)

    assert both == [True]
