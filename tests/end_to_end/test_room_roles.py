"""What the roles in a token of the local issuer let its user do in rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.stack import LocalStack, StackOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Answer, Client

LISTENS = dict.fromkeys(("Audio", "Video", "Content"), "Receive")


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(log=logs.append, parameters={"Meetings": "hosted"})) as running:
        yield running


def call(client: Client, method: str, user: str, *roles: str) -> Answer:
    token = client.token(sub=user, roles=list(roles))
    return client.call(method, "/meetings/lecture", [("Authorization", f"Bearer {token}")])


def test_a_host_opens_and_ends_the_room_and_a_listener_listens(client: Client) -> None:
    before = call(client, "POST", "bob")
    opened = call(client, "POST", "ada", "host")
    speaker = call(client, "POST", "bob")
    listener = call(client, "POST", "eve", "listener")
    not_ended = call(client, "DELETE", "bob", "listener")
    ended = call(client, "DELETE", "ada", "host")
    after = call(client, "POST", "bob")

    assert [answer.status for answer in (before, opened, speaker, listener)] == [404, 200, 200, 200]
    assert (before.body["error"], not_ended.body["reason"]) == ("not_open", "not_a_host")
    assert speaker.body["Attendee"]["Capabilities"] != LISTENS
    assert listener.body["Attendee"]["Capabilities"] == LISTENS
    assert [answer.status for answer in (not_ended, ended, after)] == [403, 204, 404]
