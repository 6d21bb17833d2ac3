"""Attacks on rooms over HTTP: be somebody else, take what is theirs, speak, open and end what one may not."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from rooms import names
from tests.end_to_end.as_bob import BOB, CONTEXT_MEMBERS, IN_BODY
from tests.end_to_end.conftest import aws
from tests.end_to_end.rooms import (
    LISTENS,
    OTHER_ISSUER,
    SPEAKS,
    asked,
    good_parameters,
    is_written,
    joined,
    open_meetings,
    opened,
    present,
    rooms_stack,
    token,
    token_of_other,
)
from tests.tokens import ISSUER
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with rooms_stack(logs) as running:
        yield running


@pytest.fixture(autouse=True)
def as_documented(client: Client) -> Iterator[None]:
    yield
    client.control("DELETE", "aws", "/local/meetings/behaviours")


# ── Ada as Bob ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "query", "body"),
    [
        pytest.param([(name, "bob")], "", None, id=f"header {name}")
        for name in (
            *("ExternalUserId", "X-User-Id", "X-Forwarded-User", "X-Amzn-Oidc-Identity", "X-Amz-Authorizer-Subject"),
            *("Subject", "requestContext.authorizer.subject", "Cookie", "X-Original-URL", "X-Rewrite-Url", "From"),
        )
    ]
    + [
        pytest.param([], "?" + "&".join(f"{name}=bob" for name in BOB), None, id="query"),
        pytest.param(
            [], "?name=bob&name=hall&name[]=bob&requestContext[authorizer][subject]=bob", None, id="query twice"
        ),
        pytest.param(
            [], "?access_token={bob}&token={bob}&authorization=Bearer%20{bob}", None, id="Bob's header in query"
        ),
        pytest.param([], "", json.dumps(IN_BODY).encode(), id="JSON body"),
        pytest.param([("Content-Type", "application/json")], "", json.dumps([BOB]).encode(), id="JSON list"),
        pytest.param([], "", b"ExternalUserId=bob&subject=bob", id="form"),
        pytest.param([], "", b"\xff\xfe\x00", id="bytes"),
        pytest.param([("X-HTTP-Method-Override", "DELETE")], "", None, id="another method in a header"),
    ],
)
def test_what_is_sent_beside_the_token_makes_ada_nobody_else(
    client: Client, headers: list[tuple[str, str]], query: str, body: bytes | None
) -> None:
    bob = joined(client, "beside-the-token", "bob")
    sent = [("Authorization", f"Bearer {token('ada')}"), *headers]

    answer = client.call("POST", f"/meetings/beside-the-token{query}", sent, body)

    assert answer.status == 200
    assert answer.body["Attendee"]["ExternalUserId"] == "ada"
    assert answer.body["Attendee"]["AttendeeId"] != bob["Attendee"]["AttendeeId"]
    assert answer.body["Attendee"]["JoinToken"] != bob["Attendee"]["JoinToken"]


@pytest.mark.parametrize(
    "path",
    [
        "/bob", "/me", "/me/bob", "%2Fbob", "%252Fbob", ";user=bob", "%3Buser=bob", "%00bob", "%0d%0aX-User:%20bob",
        "/../bob", "%2f..%2fbob", "%2e%2e%2f", "//bob", "?/bob#/me",
    ],
)  # fmt: skip
def test_path_makes_ada_nobody_else(client: Client, path: str) -> None:
    bob = joined(client, "by-path", "bob")

    answer = client.call("POST", f"/meetings/by-path{path}", [("Authorization", f"Bearer {token('ada')}")])

    assert answer.status in (200, 400, 403, 404)
    if answer.status == 200:
        assert answer.body["Attendee"]["ExternalUserId"] == "ada"
    assert bob["Attendee"]["JoinToken"] not in str(answer.body)


@pytest.mark.parametrize("name", CONTEXT_MEMBERS)
def test_claim_named_like_a_member_of_the_context_says_nothing(client: Client, name: str) -> None:
    opened(client, "by-claim")

    joins = asked(client, "POST", "by-claim", token("ada", **{name: CONTEXT_MEMBERS[name]}))
    listens = asked(client, "POST", "by-claim", token("eve", "pupil", **{name: CONTEXT_MEMBERS[name]}))
    ends = asked(client, "DELETE", "by-claim", token("ada", **{name: CONTEXT_MEMBERS[name]}))

    assert (joins.status, joins.body["Attendee"]["ExternalUserId"]) == (200, "ada")
    assert (listens.status, listens.body["Attendee"]["Capabilities"]) == (200, LISTENS)
    assert (ends.status, ends.body["reason"]) == (403, "not_a_host")


@pytest.mark.parametrize("ignores_case", [True, False], ids=["Chime ignores case", "Chime does not"])
@pytest.mark.parametrize(
    "subject",
    [
        "Bob", "BOB", "bo", "bobb", "bob.", "bob ", " bob", "_bob", "-bob", "b", "_b", "bob\x00", "bob\n", "bob\u200b",
        "b\u043eb", "\uff42ob", "bob/", "bob%00", "b%6fb", "bob*", "*", "{user_id}", "${aws:PrincipalTag/UserUUID}",
        "hash-bob", "HASH-bob", "arn:aws:chime:us-east-1:123456789012:app-instance/1/user/bob", "bob" * 40,
    ],
)  # fmt: skip
def test_subject_that_looks_like_bob_s_is_not_bob(client: Client, subject: str, *, ignores_case: bool) -> None:
    client.control("POST", "aws", "/local/meetings/behaviours", {"ignores_case_of_users": ignores_case})
    bob = joined(client, "look-alikes", "bob")

    answer = asked(client, "POST", "look-alikes", token(subject))
    left = asked(client, "DELETE", "look-alikes", token(subject), "/me")

    if answer.status == 200:
        assert answer.body["Attendee"]["ExternalUserId"] != "bob"
    else:
        assert answer.body["error"] in ("invalid_token", "upstream_error")
    assert bob["Attendee"]["JoinToken"] not in json.dumps(answer.body)
    assert left.status in (204, 401)
    assert "bob" in present(client, bob)


def test_one_character_is_nobody_else(client: Client) -> None:
    """Chime takes no ExternalUserId of one character, so `a` is called `_a`; no subject can be called so."""
    hall = joined(client, "one-character", "a")
    others = [joined(client, "one-character", subject)["Attendee"] for subject in ("_a", "__a", "a_", "aa", "-a")]

    assert hall["Attendee"]["ExternalUserId"] == "_a"
    assert "_a" not in [other["ExternalUserId"] for other in others]
    assert len({other["AttendeeId"] for other in others} | {hall["Attendee"]["AttendeeId"]}) == len(others) + 1


def test_equal_subjects_of_two_providers_are_two_people(client: Client) -> None:
    bob = joined(client, "providers", "bob")
    other = asked(client, "POST", "providers", token_of_other("bob")).body["Attendee"]
    forged = asked(client, "POST", "providers", token(other["ExternalUserId"])).body["Attendee"]

    assert other["ExternalUserId"].startswith("hash-")
    assert forged["ExternalUserId"] != other["ExternalUserId"]
    assert len({bob["Attendee"]["AttendeeId"], other["AttendeeId"], forged["AttendeeId"]}) == 3
    assert asked(client, "DELETE", "providers", token_of_other("bob"), "/me").status == 204
    assert other["ExternalUserId"] not in present(client, bob)
    assert "bob" in present(client, bob)


@pytest.mark.parametrize("signer", ["the other provider's key", "the other provider's issuer", "no key"])
def test_token_of_bob_cannot_be_made(client: Client, signer: str) -> None:
    head, body, signature = token("ada").split(".")
    _, bobs_body, _ = token("bob").split(".")
    forged = {
        "the other provider's key": token_of_other("bob", iss=ISSUER),
        "the other provider's issuer": token("bob", iss=OTHER_ISSUER),
        "no key": f"{head}.{bobs_body}.{signature}",
    }[signer]

    answer = asked(client, "POST", "forged", forged)

    assert body
    assert (answer.status, answer.body["error"]) == (401, "invalid_token")


# ── Rooms that are not Ada's ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rooms", "user", "room"),
    [
        (["hall"], "ada", "Hall"),
        (["hall"], "ada", "hall2"),
        (["hall"], "ada", "hal"),
        (["hall-*"], "ada", "hall"),
        (["hall-*"], "ada", "Hall-1"),
        (["office-{user_id}"], "ada", "office-bob"),
        (["office-{user_id}"], "ada", "office-Ada"),
        (["office-{user_id}"], "ada", "office-ada2"),
        (["office-{user_id}"], "ad", "office-ada"),
        (["office-{user_id}"], "*", "office-bob"),
        (["{user_id}"], "ada", "bob"),
        (["h*l"], "ada", "hall"),
        (["{user_id}-office"], "ada", "ada-office"),
        ([], "ada", "hall"),
        ("", "ada", "hall"),
        (None, "ada", "hall"),
        (["", "."], "ada", "hall"),
        (["h.ll", "ha[l]l", "hall\n", " hall"], "ada", "hall"),
    ],
)
def test_room_that_the_token_does_not_list_stays_closed(client: Client, rooms: Any, user: str, room: str) -> None:
    answer = asked(client, "POST", room, token(user, rooms=rooms))
    ended = asked(client, "DELETE", room, token(user, "host", rooms=rooms))

    assert (answer.status, answer.body["reason"]) == (403, "room_not_allowed")
    assert (ended.status, ended.body["reason"]) == (403, "room_not_allowed")
    assert "CreateMeeting" not in {call["operation"] for call in client.calls()}


@pytest.mark.parametrize("rooms", [{"hall": True}, [1], [["hall"]], [None], 1, True, ["x" * 3000]])
def test_odd_list_of_rooms_opens_nothing(client: Client, rooms: Any) -> None:
    assert asked(client, "POST", "hall", token("ada", rooms=rooms)).status in (401, 403)


def test_id_of_a_meeting_is_a_name_like_any_other(client: Client) -> None:
    """Whoever learns the id of Bob's meeting, or what its room is called in Chime or in the table, gets another one."""
    bobs = opened(client, "secret")["Meeting"]
    key = names.digest("secret")

    stolen = [
        asked(client, "POST", each, token("mallory")) for each in (bobs["MeetingId"], bobs["ExternalMeetingId"], key)
    ]

    assert [answer.status for answer in stolen] == [200, 200, 200]
    assert bobs["MeetingId"] not in [answer.body["Meeting"]["MeetingId"] for answer in stolen]


# ── The seats of others, and their room ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/me?user=bob&ExternalUserId=bob", None), ("/me", json.dumps(IN_BODY).encode()), ("/bob", None),
        ("/me/bob", None), ("/me%2Fbob", None), ("%2Fme", None), ("/ME", None), ("/m%65", None), ("//me", None),
        ("/me/", None), ("", None), ("?me=bob", None),
    ],
)  # fmt: skip
def test_ada_takes_nobody_s_seat_and_ends_nothing(client: Client, path: str, body: bytes | None) -> None:
    bob = opened(client, "seats")
    joined(client, "seats", "ada")

    answer = client.call("DELETE", f"/meetings/seats{path}", [("Authorization", f"Bearer {token('ada')}")], body)

    assert answer.status in (204, 400, 403, 404)
    assert "bob" in present(client, bob)


@pytest.mark.parametrize(
    "roles",
    [["Host"], ["host "], ["hosts"], ["pupil"], ["*"], [["host"]], {"host": True}, "hosts", "HOST", ["ho", "st"], True],
)
def test_who_is_no_host_ends_no_room(client: Client, roles: Any) -> None:
    bob = opened(client, "not-to-be-ended")

    answer = asked(client, "DELETE", "not-to-be-ended", token("ada", roles=roles))

    assert (answer.status, answer.body["error"]) in ((403, "forbidden"), (401, "invalid_token"))
    assert "bob" in present(client, bob)


def test_host_of_the_other_provider_s_claims_is_no_host_here(client: Client) -> None:
    """A token of one provider says nothing by the issuer, or the roles, of another one."""
    bob = opened(client, "two-houses")

    assert asked(client, "DELETE", "two-houses", token("ada", other={"roles": ["host"]})).status == 403
    assert "bob" in present(client, bob)


# ── Microphones ────────────────────────────────────────────────────────────────────────────────────


def test_own_credentials_of_a_listener_do_nothing_to_any_meeting(stack: LocalStack, client: Client) -> None:
    """All operations of Chime SDK meetings, by the credentials of the sign-in, over the wire."""
    opened(client, "lecture")
    listener = joined(client, "lecture", "eve", "pupil")
    assert listener["Attendee"]["Capabilities"] == LISTENS
    own = aws(stack, "chime-sdk-meetings", client.sign_in(token("eve", "pupil")).body["ChimeCredentials"])

    refused = {}
    for operation in Session().get_service_model("chime-sdk-meetings").operation_names:
        with pytest.raises(ClientError) as raised:
            own._make_api_call(operation, good_parameters(operation, listener["Attendee"], listener["Meeting"]))  # noqa: SLF001
        refused[operation] = raised.value.response["ResponseMetadata"]["HTTPStatusCode"]

    assert len(refused) > 10
    assert set(refused.values()) == {403}, refused
    assert asked(client, "POST", "lecture", token("eve", "pupil")).body["Attendee"]["Capabilities"] == LISTENS


@pytest.mark.parametrize("body", [IN_BODY, {"Capabilities": SPEAKS}, {"listens": False}])
def test_listener_who_asks_to_speak_listens(client: Client, body: Any) -> None:
    opened(client, "quiet")
    sent = [("Authorization", f"Bearer {token('eve', 'pupil')}"), ("Content-Type", "application/json")]

    answer = client.call("POST", "/meetings/quiet?Audio=SendReceive&listens=false", sent, json.dumps(body).encode())

    assert answer.body["Attendee"]["Capabilities"] == LISTENS


def test_speaker_who_became_a_listener_listens_from_the_next_join_on(client: Client) -> None:
    opened(client, "demoted")
    assert joined(client, "demoted", "eve")["Attendee"]["Capabilities"] == SPEAKS

    assert joined(client, "demoted", "eve", "pupil")["Attendee"]["Capabilities"] == LISTENS
    assert joined(client, "demoted", "eve", "pupil")["Attendee"]["Capabilities"] == LISTENS


# ── The account's meetings, and races ──────────────────────────────────────────────────────────────


def test_nobody_opens_more_rooms_than_they_may_by_asking_at_once_or_by_spellings(client: Client) -> None:
    spellings = [f"{room}{number}" for number in range(8) for room in ("many-", "m%61ny-")]

    with ThreadPoolExecutor(8) as pool:
        bearer = [("Authorization", f"Bearer {token('mallory2', 'host')}")]
        answers = list(pool.map(lambda name: client.call("POST", f"/meetings/{name}", bearer), spellings))
    created = [call for call in client.calls() if call["operation"] == "CreateMeeting"]

    assert {answer.status for answer in answers} <= {200, 429}
    assert len({answer.body["Meeting"]["MeetingId"] for answer in answers if answer.status == 200}) == 5
    assert len({call["parameters"]["ClientRequestToken"] for call in created}) == 5
    ended = [asked(client, "DELETE", f"many-{number}", token("mallory2", "host")).status for number in range(8)]
    assert set(ended) == {204}
    assert asked(client, "POST", "many-9", token("mallory2", "host")).status == 429


@pytest.mark.parametrize("first", range(3))
def test_hosts_who_end_and_open_at_once_leave_one_meeting_or_none(client: Client, first: int) -> None:
    room, untouched = f"contested-{first}", open_meetings(client)
    ways = [*("POST", "DELETE", "POST") * 6]

    def ask(number: int) -> int:
        bearer = token(f"host-{first}-{number % 4}", "host")
        return asked(client, ways[number + first], room, bearer).status

    with ThreadPoolExecutor(6) as pool:
        statuses = set(pool.map(ask, range(15)))
    answers = {joined(client, room, f"last-{first}", "host")["Meeting"]["MeetingId"] for _ in range(2)}
    assert asked(client, "DELETE", room, token(f"last-{first}", "host")).status == 204

    assert statuses <= {200, 204, 429, 503}
    assert len(answers) == 1
    # The end reaches every meeting of the room that goes on, those included that were replaced while they were ended.
    assert open_meetings(client) == untouched


def test_host_ends_the_meeting_that_was_written_down_while_they_ended_the_room(
    stack: LocalStack, client: Client
) -> None:
    """The host reads an intent; its meeting is written down; then the host marks the room as ended."""
    untouched = open_meetings(client)
    client.fault("CreateMeeting", delay_ms=2000)
    client.fault("UpdateItem", delay_ms=3000)

    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(asked, client, "POST", "just-opened", token("rita"))
        while not is_written(stack, "just-opened") and not opening.done():
            time.sleep(0.02)
        ended = asked(client, "DELETE", "just-opened", token("ruth", "host"))
        answer = opening.result()

    assert ended.status == 204
    assert answer.status in (200, 404)
    assert open_meetings(client) == untouched


def test_who_enters_while_a_host_ends_the_room_is_told_at_once(client: Client) -> None:
    """A meeting that is missing and young may be too new; one that a host has ended is not waited for."""
    joined(client, "ended-meanwhile", "rudi", "host")
    client.control("DELETE", "aws", "/local/calls")
    client.fault("CreateAttendee", error="NotFoundException", times=-1)

    with ThreadPoolExecutor(1) as pool:
        entering = pool.submit(asked, client, "POST", "ended-meanwhile", token("rita"))
        until(lambda: "CreateAttendee" in {call["operation"] for call in client.calls()})
        ended = asked(client, "DELETE", "ended-meanwhile", token("rudi", "host"))
        answer = entering.result()

    assert ended.status == 204
    assert (answer.status, answer.body["error"]) == (404, "not_open")
