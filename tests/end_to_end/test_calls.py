"""How often a sign-in asks others: each call is time that its user waits, and part of a quota that all users share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.stack import LocalStack, StackOptions
from tests import budgets
from tests.end_to_end.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fresh() -> Iterator[Client]:
    """A stack that nobody has signed in to."""
    logs: list[bytes] = []
    with LocalStack(StackOptions(log=logs.append)) as running:
        yield Client(running.urls, logs)


def calls_of(client: Client, **claims: str) -> list[str]:
    client.control("DELETE", "aws", "/local/calls")
    assert client.sign_in(client.token(sub="grace", **claims)).status == 200
    return sorted(call["operation"] for call in client.calls() if call["operation"])


def test_sign_in_makes_no_more_calls_than_it_must(fresh: Client) -> None:
    assert calls_of(fresh, name="Grace Hopper") == budgets.CALLS["a new user"]
    assert calls_of(fresh, name="Grace Hopper") == budgets.CALLS["a user who comes back"]
    assert calls_of(fresh, name="Grace Murray") == budgets.CALLS["a user with another name"]


def test_keys_are_fetched_once_for_many_tokens(fresh: Client) -> None:
    for _ in range(3):
        assert fresh.sign_in(fresh.token(sub="grace", name="Grace")).status == 200
    fetches = [line for line in fresh.logs if b'"keys fetched"' in line]
    assert len(fetches) == 1
