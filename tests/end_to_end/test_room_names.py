"""Whatever stands in a path as a room's name leads to that room or to none, and to no other route."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import Answer, Client, described

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = "https://localhost:9000"
OPEN = "team:7@example.com"


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(StackOptions(log=logs.append, parameters={"Meetings": "open"})) as running:
        yield running


def call(client: Client, method: str, path: str) -> Answer:
    """Call exactly that path: other clients resolve its dots, and encode it anew."""
    headers = {"Authorization": f"Bearer {client.token(sub='ada')}", "Origin": ORIGIN}
    connection = http.client.HTTPConnection(urlsplit(client.urls["api"]).netloc, timeout=60)
    with closing(connection):
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return described(method, path, response.status, response.headers, response.read())


def operations(client: Client) -> list[str]:
    return [call["operation"] for call in client.calls()]


@pytest.fixture(scope="module")
def meeting(stack: LocalStack) -> str:
    """Open the room, and return its meeting's id."""
    answer = call(Client(stack.urls), "POST", f"/meetings/{OPEN}")
    assert answer.status == 200
    return str(answer.body["Meeting"]["MeetingId"])


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(OPEN, id="as it is"),
        pytest.param(quote(OPEN, safe=""), id="encoded as JavaScript does"),
        pytest.param("".join(f"%{ord(letter):02X}" for letter in OPEN), id="each letter encoded"),
        pytest.param(f"{OPEN}?name=other&name=..", id="with a query"),
    ],
)
def test_a_name_leads_to_its_room_however_it_was_encoded(client: Client, meeting: str, sent: str) -> None:
    answer = call(client, "POST", f"/meetings/{sent}")

    assert answer.status == 200
    assert answer.body["Meeting"]["MeetingId"] == meeting
    assert answer.body["Attendee"]["ExternalUserId"] == "ada"


def test_another_case_is_another_room(client: Client, meeting: str) -> None:
    answer = call(client, "POST", f"/meetings/{OPEN.upper()}")

    assert answer.status == 200
    assert answer.body["Meeting"]["MeetingId"] != meeting


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("a%2Fb", id="an encoded slash"),
        pytest.param("%2F", id="a slash alone"),
        pytest.param("team:7@example.com%2Fme", id="the way out, encoded"),
        pytest.param("..%2f..%2fsignin", id="an encoded way up"),
        pytest.param("%2e%2e", id="encoded dots"),
        pytest.param("..", id="dots"),
        pytest.param(".", id="a dot"),
        pytest.param("%252e%252e", id="dots, encoded twice"),
        pytest.param("team%253A7%2540example.com", id="the open room, encoded twice"),
        pytest.param("team:7@example.com%00", id="a zero at the end"),
        pytest.param("team:7@example.com%0A", id="a line break at the end"),
        pytest.param("team:7@example.com%20", id="a blank at the end"),
        pytest.param("%ff%fe", id="no UTF-8"),
        pytest.param("caf%C3%A9", id="a letter with an accent"),
        pytest.param("t%EF%BD%85am", id="a wide letter"),
        pytest.param("%D0%B0bc", id="a Cyrillic letter"),
        pytest.param("{name}", id="the placeholder"),
        pytest.param("*", id="a star"),
        pytest.param("a", id="one letter"),
        pytest.param("a" * 65, id="65 letters"),
        pytest.param("a;b", id="a matrix parameter"),
        pytest.param("a%3Fb", id="an encoded query"),
        pytest.param("a%23b", id="an encoded fragment"),
        pytest.param("a%5Cb", id="a backslash"),
    ],
)
def test_what_is_no_name_leads_to_no_room(client: Client, meeting: str, method: str, sent: str) -> None:  # noqa: ARG001 - the room is open
    answer = call(client, method, f"/meetings/{sent}")

    assert (answer.status, answer.body["error"]) == (400, "bad_request")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert operations(client) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/meetings/", id="no name"),
        pytest.param("POST", "/meetings", id="not even a slash"),
        pytest.param("POST", "/meetings/ab/", id="a closing slash"),
        pytest.param("POST", "/meetings/ab/cd", id="a slash within"),
        pytest.param("POST", "/meetings/../signin", id="the sign-in, from rooms"),
        pytest.param("POST", "/signin/../meetings/ab", id="a room, from the sign-in"),
        pytest.param("POST", "/meetings%2Fab", id="an encoded slash before the name"),
        pytest.param("POST", "//meetings/ab", id="two slashes"),
        pytest.param("POST", "/Meetings/ab", id="another case"),
        pytest.param("POST", "/meetings/ab/me", id="another method for one's seat"),
        pytest.param("GET", "/meetings/ab", id="reading"),
        pytest.param("PUT", "/meetings/ab", id="writing"),
        pytest.param("DELETE", "/meetings", id="ending all"),
        pytest.param("DELETE", "/meetings/ab/you", id="another's seat"),
        pytest.param("DELETE", "/meetings/ab/me/", id="a closing slash after the seat"),
        pytest.param("DELETE", "/meetings/ab/%6De", id="the seat, encoded"),
        pytest.param("DELETE", "/signin", id="the sign-in"),
    ],
)
def test_other_paths_and_methods_are_not_there(client: Client, method: str, path: str) -> None:
    answer = call(client, method, path)

    assert (answer.status, answer.body["error"]) == (404, "not_found")
    assert operations(client) == []


def test_a_way_up_in_a_seat_s_path_reaches_no_other_room(client: Client, meeting: str) -> None:
    # Whatever is between the slashes is one name: here "..", which is none.
    answer = call(client, "DELETE", "/meetings/../me")

    assert (answer.status, answer.body["error"]) == (400, "bad_request")
    assert call(client, "POST", f"/meetings/{OPEN}").body["Meeting"]["MeetingId"] == meeting


@pytest.mark.parametrize("path", ["/meetings/stand-up", "/meetings/stand-up/me", "/meetings/..%2f"])
def test_preflight_of_rooms_allows_what_they_take(client: Client, path: str) -> None:
    asks = [("Access-Control-Request-Method", "DELETE"), ("Access-Control-Request-Headers", "authorization")]
    answer = client.call("OPTIONS", path, [("Origin", ORIGIN), *asks])

    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"POST", "DELETE", "OPTIONS"}
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert operations(client) == []


def test_preflight_of_the_sign_in_allows_no_more_than_before(client: Client) -> None:
    preflight = client.call("OPTIONS", "/signin", [("Origin", ORIGIN), ("Access-Control-Request-Method", "POST")])

    assert set(preflight.headers["Access-Control-Allow-Methods"].split(", ")) == {"POST", "OPTIONS"}
