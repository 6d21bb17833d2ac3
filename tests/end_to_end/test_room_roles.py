"""What the roles in a token of the local issuer let its user do in rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.stack import GUESTS, LocalStack, StackOptions
from tests.end_to_end.rooms import LISTENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Answer, Client


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(log=logs.append, parameters={"Meetings": "hosted", "Guests": "true"})) as running:
        yield running


def call(client: Client, method: str, user: str, *roles: str, **claims: Any) -> Answer:
    token = client.token(sub=user, roles=list(roles), **claims)
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


def test_a_guest_enters_the_rooms_that_the_invitation_lists_and_is_never_a_host(client: Client) -> None:
    guests = {"iss": client.urls["issuer"] + GUESTS}
    invited = {**guests, "rooms": ["lecture"]}

    before = call(client, "POST", "vera", "host", **invited)
    call(client, "POST", "ada", "host")
    entered = call(client, "POST", "vera", **invited)
    elsewhere = call(client, "POST", "vera", **guests, rooms=["lecture-2"])
    anywhere = call(client, "POST", "vera", **guests)
    ended = call(client, "DELETE", "vera", "host", **invited)
    call(client, "DELETE", "ada", "host")

    assert [answer.status for answer in (before, entered, elsewhere, anywhere, ended)] == [404, 200, 403, 403, 403]
    assert entered.body["Attendee"]["ExternalUserId"].startswith("guest-")
    assert {answer.body["reason"] for answer in (elsewhere, anywhere)} == {"room_not_allowed"}
    assert ended.body["reason"] == "not_a_host"
