"""How often rooms ask AWS: each call is time that somebody waits, and part of a quota that all users share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.stack import LocalStack, StackOptions
from tests import budgets
from tests.end_to_end.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def rooms() -> Iterator[Client]:
    """A stack in which teachers are hosts."""
    logs: list[bytes] = []
    provider = {"name": "school", "issuer": "https://id.example.com/", "audience": "chat", "host_roles": ["teacher"]}
    answers = {"Providers": json.dumps([provider]), "Meetings": "open"}
    with LocalStack(StackOptions(log=logs.append, answers=answers)) as running:
        yield Client(running.urls, logs)


def calls_of(client: Client, method: str, path: str, status: int, **claims: object) -> list[str]:
    token = client.token(**{"sub": "ada", **claims})
    client.control("DELETE", "aws", "/local/calls")
    answer = client.call(method, f"/meetings/{path}", [("Authorization", f"Bearer {token}")])
    assert answer.status == status, answer.body
    return sorted(call["operation"] for call in client.calls() if call["operation"])


def test_entering_makes_no_more_calls_than_it_must(rooms: Client) -> None:
    assert calls_of(rooms, "POST", "stand-up", 200) == budgets.CALLS["a room that is opened"]
    assert calls_of(rooms, "POST", "stand-up", 200, sub="grace") == budgets.CALLS["a room that is open"]
    assert calls_of(rooms, "POST", "stand-up", 200) == budgets.CALLS["a room that is open"]


def test_leaving_makes_no_more_calls_than_it_must(rooms: Client) -> None:
    calls_of(rooms, "POST", "review", 200)

    assert calls_of(rooms, "DELETE", "review/me", 204) == budgets.CALLS["leaving a room"]
    assert calls_of(rooms, "DELETE", "nowhere/me", 204) == budgets.CALLS["a room that is not open"]


def test_ending_makes_no_more_calls_than_it_must(rooms: Client) -> None:
    calls_of(rooms, "POST", "lesson", 200)

    assert calls_of(rooms, "DELETE", "lesson", 204, roles=["teacher"]) == budgets.CALLS["ending a room"]
    assert calls_of(rooms, "DELETE", "lesson", 204, roles=["teacher"]) == budgets.CALLS["a room that is not open"]


def test_who_may_not_end_a_room_costs_no_call(rooms: Client) -> None:
    assert calls_of(rooms, "DELETE", "stand-up", 403) == []
