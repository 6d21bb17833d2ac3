"""The rules of rooms that need no AWS: names, who may enter, what an attendee may send, how often rooms are opened."""

from __future__ import annotations

import itertools
import string
from typing import Any

import pytest

from rooms.capabilities import Features
from rooms.entitlements import Entitlements, entitlements
from rooms.entrance import Visitor
from rooms.errors import BadName, TooManyOpenings
from rooms.names import digest, room_name
from rooms.openings import OpeningLimit
from rooms.table import RoomItem, intent
from signin.errors import Forbidden

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    "name",
    ["ab", "Stand-Up", "team.7_a@example.com:2", "0" * 64, "a-b", "12"],
)
def test_name_of_a_room_is_taken_as_it_is(name: str) -> None:
    assert room_name(name) == name
    assert room_name("".join(f"%{ord(letter):02x}" for letter in name)) == name


def test_name_may_be_encoded_as_browsers_do() -> None:
    assert room_name("team%3A7%40example.com") == "team:7@example.com"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("a", id="one character"),
        pytest.param("a" * 65, id="65 characters"),
        pytest.param("-ab", id="first a hyphen"),
        pytest.param("ab.", id="last a dot"),
        pytest.param("..", id="dots"),
        pytest.param("a b", id="a space"),
        pytest.param("a/b", id="a slash"),
        pytest.param("a%2Fb", id="an encoded slash"),
        pytest.param("%2e%2e", id="encoded dots"),
        pytest.param("a%2F..%2Fb", id="an encoded way up"),
        pytest.param("a%252Fb", id="a slash that was encoded twice"),
        pytest.param("a%2562", id="a letter that was encoded twice"),
        pytest.param("ab%", id="a percent sign"),
        pytest.param("a%zzb", id="no encoding"),
        pytest.param("a%00b", id="an encoded zero"),
        pytest.param("ab%0a", id="an encoded line break"),
        pytest.param("a%c0%afb", id="an overlong slash"),
        pytest.param("a+b", id="a plus sign"),
        pytest.param("%ef%bd%81b", id="an encoded wide letter"),
        pytest.param("ab\n", id="a line break"),
        pytest.param("caf\u00e9", id="an accent"),
        pytest.param("\u0661\u0662", id="digits of another script"),
        pytest.param("a*", id="a star"),
        pytest.param("a{user_id}", id="a placeholder"),
        pytest.param(12, id="a number"),
    ],
)
def test_other_text_is_no_name_of_a_room(name: object) -> None:
    with pytest.raises(BadName):
        room_name(name)


def test_digest_stands_for_its_parts_and_no_others() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert set(digest("ab")) <= set(string.hexdigits.lower())
    assert len(digest("ab")) == 64


def allowed(patterns: list[str], name: str, user_id: str = "ada") -> bool:
    try:
        Entitlements(tuple(patterns)).check_room(name, user_id)
    except Forbidden as forbidden:
        assert forbidden.code == "room_not_allowed"  # noqa: PT017 - the other outcome is tested, too
        return False
    return True


@pytest.mark.parametrize(
    ("patterns", "name", "may"),
    [
        pytest.param(["stand-up"], "stand-up", True, id="the very name"),
        pytest.param(["stand-up"], "Stand-up", False, id="another case"),
        pytest.param(["stand-up"], "stand-up2", False, id="a longer name"),
        pytest.param(["lunch", "stand-up"], "stand-up", True, id="one of several"),
        pytest.param([], "stand-up", False, id="none listed"),
        pytest.param(["team-*"], "team-7", True, id="a beginning"),
        pytest.param(["team-*"], "team7", False, id="another beginning"),
        pytest.param(["*"], "anything", True, id="all"),
        pytest.param(["*-7"], "team-7", False, id="a star that is not at the end"),
        pytest.param(["t*m*"], "team", False, id="two stars"),
        pytest.param(["office-{user_id}"], "office-ada", True, id="one's own"),
        pytest.param(["office-{user_id}"], "office-adam", False, id="of somebody whose id begins so"),
        pytest.param(["office-{user_id}"], "office-ad", False, id="of somebody with whose id one's own begins"),
        pytest.param(["{user_id}-office"], "ada-office", False, id="an id that is not at the end"),
        pytest.param(["office-{user_id}*"], "office-ada", False, id="both, the star last"),
        pytest.param(["office-*{user_id}"], "office-ada", False, id="both, the id last"),
        pytest.param([""], "stand-up", False, id="an empty pattern"),
    ],
)
def test_room_may_be_entered_if_the_token_lists_it(patterns: list[str], name: str, may: bool) -> None:  # noqa: FBT001
    assert allowed(patterns, name) is may


def test_every_room_may_be_entered_where_tokens_list_none() -> None:
    Entitlements(None).check_room("anything", "ada")


def event(**context: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": context}}


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        pytest.param({}, Entitlements(), id="nothing said"),
        pytest.param({"rooms": '["a1", "b*"]'}, Entitlements(("a1", "b*")), id="rooms"),
        pytest.param({"rooms": "[]"}, Entitlements(()), id="no room"),
        pytest.param({"host": "true"}, Entitlements(host=True), id="a host, as API Gateway writes it"),
        pytest.param({"host": True}, Entitlements(host=True), id="a host, as sam local leaves it"),
        pytest.param({"host": "false", "listens": "true"}, Entitlements(listens=True), id="one who listens"),
        pytest.param({"guest": "true", "rooms": '["a1"]'}, Entitlements(("a1",)), id="a guest"),
        pytest.param({"guest": "true"}, Entitlements(()), id="a guest without rooms, as API Gateway writes it"),
        pytest.param({"guest": True}, Entitlements(()), id="a guest without rooms, as sam local leaves it"),
        pytest.param({"guest": "true", "host": "true"}, Entitlements(()), id="a guest who is said to be a host"),
        pytest.param(
            {"guest": "true", "rooms": "[]", "listens": "true"},
            Entitlements((), listens=True),
            id="a guest who listens",
        ),
    ],
)
def test_entitlements_are_read_from_the_context(context: dict[str, Any], expected: Entitlements) -> None:
    assert entitlements(event(**context)) == expected


@pytest.mark.parametrize("rooms", ["", "no json", '"a1"', "[7]", '{"a1": true}', "null"])
def test_rooms_that_the_authorizer_did_not_write_let_nobody_in(rooms: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which one does not matter: it is answered with 500
        entitlements(event(rooms=rooms))


RESOLUTIONS = list(itertools.product(["None", "HD", "FHD"], ["None", "FHD", "UHD"], [False, True]))


@pytest.mark.parametrize(("video", "content", "listens"), RESOLUTIONS)
def test_capabilities_are_such_as_chime_accepts(video: str, content: str, listens: bool) -> None:  # noqa: FBT001
    given = Features(video, content).capabilities(listens=listens)
    most = "Receive" if listens else "SendReceive"

    assert given["Audio"] == most
    assert given["Video"] == ("None" if video == "None" else most)
    # Without video Chime refuses content, too.
    assert given["Content"] == ("None" if "None" in (video, content) else most)


def test_external_user_id_is_the_users_id_and_never_too_short() -> None:
    ids = [Visitor(user_id, Entitlements(), "stand-up").external_user_id for user_id in ("ada", "ab", "a", "A")]

    assert ids == ["ada", "ab", "_a", "_A"]


def opened(*ago: float) -> dict[str, float]:
    return {f"room {number}": NOW - seconds for number, seconds in enumerate(ago)}


def test_opening_is_counted_and_old_ones_are_forgotten() -> None:
    assert OpeningLimit(2, 300).added(opened(300, 299.9), "new", NOW) == {"room 1": NOW - 299.9, "new": NOW}


def test_same_opening_counts_once() -> None:
    assert OpeningLimit(2, 300).added(opened(20, 10), "room 1", NOW) == opened(20, 10)


def test_one_opening_too_many_is_refused_until_the_oldest_is_forgotten() -> None:
    with pytest.raises(TooManyOpenings) as refused:
        OpeningLimit(2, 300).added(opened(200, 10), "new", NOW)

    assert refused.value.retry_after == 100


@pytest.mark.parametrize("ahead", [0.02, 1, 299])
def test_opening_by_a_clock_that_is_ahead_counts(ahead: float) -> None:
    with pytest.raises(TooManyOpenings) as refused:
        OpeningLimit(1, 300).added(opened(-ahead), "new", NOW)

    assert refused.value.retry_after
    assert 300 <= refused.value.retry_after <= 600


def test_opening_in_the_far_future_does_not_count() -> None:
    assert OpeningLimit(1, 300).added(opened(-300), "new", NOW) == {"new": NOW}


def room(**changes: Any) -> RoomItem:
    open_one = RoomItem("u", NOW, NOW + 86400, {"MeetingId": "m"})
    return open_one._replace(**changes)


@pytest.mark.parametrize(
    ("changes", "is_current"),
    [
        pytest.param({}, True, id="open"),
        pytest.param({"ends_at": NOW}, False, id="a day old"),
        pytest.param({"ended_at": NOW - 1}, False, id="ended by a host"),
        pytest.param({"over": True}, False, id="known to be over"),
        pytest.param({"meeting": None}, True, id="being opened"),
        pytest.param({"meeting": None, "intended_at": NOW - 10}, False, id="an intent that nobody finished"),
    ],
)
def test_room_is_current(changes: dict[str, Any], is_current: bool) -> None:  # noqa: FBT001
    assert room(**changes).is_current(NOW) is is_current


def test_replaced_room_keeps_what_may_still_go_on() -> None:
    earlier = {"m1": NOW + 5, "m0": NOW}

    kept = room(ended_at=NOW, earlier=earlier).replaced("v", NOW)
    over = room(over=True, earlier=earlier).replaced("v", NOW)

    assert kept == intent("v", NOW, {"m1": NOW + 5, "m": NOW + 86400})
    assert over == intent("v", NOW, {"m1": NOW + 5})
