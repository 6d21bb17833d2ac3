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


def calls_of(client: Client, path: str = "/signin", **claims: str) -> list[str]:
    client.control("DELETE", "aws", "/local/calls")
    assert client.sign_in(client.token(sub="grace", **claims), path).status == 200
    return sorted(call["operation"] for call in client.calls() if call["operation"])


def test_sign_in_makes_no_more_calls_than_it_must(fresh: Client) -> None:
    assert calls_of(fresh, name="Grace Hopper") == budgets.CALLS["a new user"]
    assert calls_of(fresh, name="Grace Hopper") == budgets.CALLS["a user who comes back"]
    assert calls_of(fresh, name="Grace Murray") == budgets.CALLS["a user with another name"]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        pytest.param("?renewal=true", budgets.CALLS["a renewal"], id="a renewal"),
        pytest.param("?renewal=True", budgets.CALLS["a user who comes back"], id="another case"),
        pytest.param("?renewal=1", budgets.CALLS["a user who comes back"], id="a number"),
        pytest.param("?renewal=", budgets.CALLS["a user who comes back"], id="nothing"),
        pytest.param("?renewal=true&renewal=true", budgets.CALLS["a user who comes back"], id="twice"),
        pytest.param("?Renewal=true", budgets.CALLS["a user who comes back"], id="another name"),
    ],
)
def test_renewal_makes_no_call_of_chime_and_has_to_be_asked_for_exactly_so(
    fresh: Client, query: str, calls: list[str]
) -> None:
    assert calls_of(fresh, name="Grace Hopper") == budgets.CALLS["a new user"]

    for path in ("/signin", "/creds"):
        assert calls_of(fresh, path + query, name="Grace Hopper") == calls


def test_renewal_is_the_same_user_in_the_same_session_as_a_full_sign_in(fresh: Client) -> None:
    token = fresh.token(sub="grace", name="Grace Hopper")

    full, renewed = (fresh.sign_in(token, path).body for path in ("/signin", "/signin?renewal=true"))

    for changing in ("ChimeCredentials", "RefreshAfter", "ExpiresIn"):
        assert full.pop(changing)
        assert renewed.pop(changing)
    assert renewed == full


def test_keys_are_fetched_once_for_many_tokens(fresh: Client) -> None:
    for _ in range(3):
        assert fresh.sign_in(fresh.token(sub="grace", name="Grace")).status == 200
    fetches = [line for line in fresh.logs if b'"keys fetched"' in line]
    assert len(fetches) == 1
