"""Users who are revoked or erased, and the rooms that they are in: by the commands that operators type."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.cloudformation.deployment import REGION
from operations.rooms import MeetingsOfRooms
from rooms import names
from tests.end_to_end.operators import PAUSE, assert_refused, environment, finish, owner, restore, start
from tests.end_to_end.rooms import asked, joined, opened, present, rooms_stack, token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client

FUNCTIONS = {"PYTHONPATH": "signin_function:."}
LOCAL = {"ENV": "local", "AWS_SAM_STACK_NAME": None, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with rooms_stack(logs) as running:
        yield running


def revoke(stack: LocalStack, *users: str) -> tuple[int, str]:
    return finish(start(stack, "revoke", *users, "--pause", PAUSE, variables=FUNCTIONS))


def erase(stack: LocalStack, user: str, **variables: str) -> tuple[int, str]:
    arguments = ("erase", user, "--confirm", user, "--pause", PAUSE, "--wait", PAUSE)
    return finish(start(stack, *arguments, variables={**FUNCTIONS, **LOCAL, **variables}))


def session_of(stack: LocalStack) -> Any:
    """Return the owner's session, whose clients call the local AWS."""
    variables = environment(stack)
    session: Any = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    session.client = functools.partial(session.client, endpoint_url=stack.urls["aws"])
    return session


def table(stack: LocalStack) -> str:
    """Return the table's name."""
    [name] = owner(stack, "dynamodb").list_tables()["TableNames"]
    return str(name)


def items(stack: LocalStack) -> dict[str, Any]:
    found = owner(stack, "dynamodb").scan(TableName=table(stack))["Items"]
    return {item["id"]["S"]: item for item in found}


def test_revoked_user_is_out_of_every_meeting_and_enters_none(stack: LocalStack, client: Client) -> None:
    """Ada and ada are two users; `a` is called `_a` in meetings."""
    client.control("POST", "aws", "/local/meetings/behaviours", {"ignores_case_of_users": False})
    first, second = (joined(client, room, "ada") for room in ("room-1", "room-2"))
    for user in ("Ada", "bob", "a", "ada2"):
        joined(client, "room-1", user)

    status, printed = revoke(stack, "ada", "a")

    assert status == 0, printed
    assert (present(client, first), present(client, second)) == (["Ada", "ada2", "bob"], [])
    for user, meeting in (("ada", first), ("ada", second), ("a", first)):
        assert f"{user} is removed from the meeting {meeting['Meeting']['MeetingId']}." in printed
    for user in ("ada", "a"):
        assert_refused(asked(client, "POST", "room-1", token(user)))
    restore(stack, "ada", "a")
    assert asked(client, "POST", "room-1", token("ada")).status == 200


def test_revoked_host_ends_nothing_and_opens_nothing(stack: LocalStack, client: Client) -> None:
    bob = opened(client, "of-a-revoked-host")
    status, printed = revoke(stack, "eva")
    assert status == 0, printed

    ends = asked(client, "DELETE", "of-a-revoked-host", token("eva", "host"))
    opens = asked(client, "POST", "by-a-revoked-host", token("eva", "host"))

    assert_refused(ends)
    assert_refused(opens)
    assert "bob" in present(client, bob)
    assert asked(client, "DELETE", "of-a-revoked-host", token("eva"), "/me").status == 204
    restore(stack, "eva")


def test_all_pages_of_attendees_are_read_before_the_first_is_removed(stack: LocalStack, client: Client) -> None:
    meeting = joined(client, "crowd", "zoe")
    chime = owner(stack, "chime-sdk-meetings")
    for number in range(120):
        chime.create_attendee(MeetingId=meeting["Meeting"]["MeetingId"], ExternalUserId=f"guest-{number:03}")
    client.control("DELETE", "aws", "/local/calls")

    status, printed = revoke(stack, "zoe", "guest-000", "guest-119")

    assert status == 0, printed
    assert len(present(client, meeting)) == 118
    restore(stack, "zoe", "guest-000", "guest-119")


def test_meeting_that_was_replaced_and_may_go_on_is_looked_through(stack: LocalStack, client: Client) -> None:
    """A meeting of which the table says wrongly that its time is over, as after a clock that was set back."""
    old = joined(client, "replaced", "olga")
    key = {"id": {"S": names.digest("replaced")}}
    owner(stack, "dynamodb").update_item(
        TableName=table(stack),
        Key=key,
        UpdateExpression="SET intended_at = :then, ended_at = :then",
        ExpressionAttributeValues={":then": {"N": "1000"}},
    )
    new = joined(client, "replaced", "olga")
    assert old["Meeting"]["MeetingId"] != new["Meeting"]["MeetingId"]
    assert (present(client, old), present(client, new)) == (["olga"], ["olga"])

    status, printed = revoke(stack, "olga")

    assert status == 0, printed
    assert (present(client, old), present(client, new)) == ([], [])


def test_join_that_was_on_its_way_is_found_by_the_second_look(stack: LocalStack, client: Client) -> None:
    """Ben gets his attendee when the first look has just removed Ann's."""
    meeting = joined(client, "on-its-way", "ann")
    chime, said = owner(stack, "chime-sdk-meetings"), []

    def print_line(line: str) -> None:
        said.append(line)
        if line.startswith("ann is removed"):
            chime.create_attendee(MeetingId=meeting["Meeting"]["MeetingId"], ExternalUserId="ben")

    MeetingsOfRooms(session_of(stack), table(stack), REGION).remove(frozenset({"ann", "ben"}), print_line)

    assert present(client, meeting) == []
    assert [line.split()[0] for line in said] == ["ann", "ben", "Looked"]


@pytest.mark.parametrize("operation", ["ListAttendees", "DeleteAttendee", "Scan"])
def test_what_was_not_reached_is_named_and_the_status_says_so(
    stack: LocalStack, client: Client, operation: str
) -> None:
    meeting = joined(client, f"fault-{operation}", "mia")
    client.fault(operation, error="ForbiddenException", status=403, times=-1)

    status, printed = revoke(stack, "mia")

    assert status == 1
    assert "Not done, or not for certain: taking them out of the meetings" in printed
    assert "denies everything to their sessions" in printed
    if operation != "Scan":
        assert f"Meeting {meeting['Meeting']['MeetingId']}: " in printed
    client.control("DELETE", "aws", "/local/faults")
    status, printed = revoke(stack, "mia")
    assert (status, present(client, meeting)) == (0, []), printed
    restore(stack, "mia")


def test_sessions_that_cannot_be_denied_keep_nobody_in_meetings(stack: LocalStack, client: Client) -> None:
    meeting = joined(client, "iam-down", "nina")
    client.fault("PutRolePolicy", error="ServiceFailure", status=500, times=-1)

    status, printed = revoke(stack, "nina")

    assert (status, present(client, meeting)) == (1, []), printed
    assert "Not done: their sessions of the roles named here go on" in printed
    assert "taking them out of the meetings" not in printed
    client.control("DELETE", "aws", "/local/faults")
    restore(stack, "nina")


@pytest.mark.parametrize(
    ("user", "meeting"),
    [
        pytest.param("m1", {"S": "{"}, id="no JSON"),
        pytest.param("m2", {"S": "[]"}, id="no object"),
        pytest.param("m3", {"S": '{"MeetingId": 1}'}, id="a number as id"),
        pytest.param("m4", {"N": "1"}, id="a number"),
    ],
)
def test_item_that_was_spoilt_by_hand_stops_nothing_else(
    stack: LocalStack, client: Client, user: str, meeting: dict[str, str]
) -> None:
    joined(client, f"spoilt-{user}", user)
    good = joined(client, f"good-{user}", user)
    key = {"id": {"S": names.digest(f"spoilt-{user}")}}
    owner(stack, "dynamodb").update_item(
        TableName=table(stack),
        Key=key,
        UpdateExpression="SET meeting = :new",
        ExpressionAttributeValues={":new": meeting},
    )

    status, printed = revoke(stack, user)

    owner(stack, "dynamodb").delete_item(TableName=table(stack), Key=key)
    assert (status, present(client, good)) == (1, []), printed
    assert f"The item {key['id']['S']} of the table" in printed


def test_erased_user_is_out_of_all_meetings_and_the_table_has_nothing_about_them(
    stack: LocalStack, client: Client
) -> None:
    """A person who never signed in to chat is no user in Chime, and is known by rooms alone."""
    meeting = joined(client, "erased", "eve")
    joined(client, "erased", "bob")
    assert names.openings_key("eve") in items(stack)

    status, printed = erase(stack, "eve")

    assert status == 0, printed
    assert present(client, meeting) == ["bob"]
    assert names.openings_key("eve") not in items(stack)
    assert '"eve"' not in json.dumps(items(stack))
    status, printed = erase(stack, "eve")
    assert status == 1
    assert "Nothing was changed" in printed


def test_guest_who_opened_nothing_is_erased_from_the_meeting(stack: LocalStack, client: Client) -> None:
    meeting = joined(client, "visited", "gus")
    joined(client, "visited", "finn")

    status, printed = erase(stack, "finn", KEEP_OUT="1")

    assert (status, present(client, meeting)) == (0, ["gus"]), printed
    assert_refused(asked(client, "POST", "visited", token("finn")))
    restore(stack, "finn")
