"""Rooms on the local stack: an identity provider that says who may enter them, and what people do there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.session import Session

from local.stack import LocalStack, StackOptions
from rooms import names
from tests.end_to_end.operators import owner
from tests.tokens import AUDIENCE, ISSUER, claims, rsa_signer

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Answer, Client

LISTENS = dict.fromkeys(("Audio", "Video", "Content"), "Receive")
SPEAKS = dict.fromkeys(("Audio", "Video", "Content"), "SendReceive")
SIGNER, OTHER_SIGNER = rsa_signer(), rsa_signer(number=2)
OTHER_ISSUER = "https://other.example"
RULES: dict[str, object] = {
    "rooms_claim": "rooms",
    "roles_claim": "roles",
    "host_roles": ["host"],
    "listen_only_roles": ["pupil"],
}
PROVIDERS: list[dict[str, object]] = [
    {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": [SIGNER.jwk]}, "keep_subject": True},
    {"name": "other", "issuer": OTHER_ISSUER, "audience": AUDIENCE, "jwks": {"keys": [OTHER_SIGNER.jwk]}},
]
"""The first one keeps subjects as ids, the second hashes them."""


def rooms_stack(logs: list[bytes], meetings: str = "open", **parameters: str) -> LocalStack:
    """Return a stack with rooms, whose functions cache no list of revoked users."""
    providers = json.dumps([provider | RULES for provider in PROVIDERS])
    given = {"Providers": providers, "Meetings": meetings, "Revocation": "true", **parameters}
    return LocalStack(StackOptions(parameters=given, settings={"REVOKED_USERS_SECONDS": "0"}, log=logs.append))


def token(user: str = "ada", *held: str, rooms: Any = ("*",), **more: Any) -> str:
    """Return a token of the first provider. It is for every room unless *rooms* says otherwise."""
    return SIGNER.token(_claims(user, held, rooms, more))


def token_of_other(user: str, *held: str, rooms: Any = ("*",), **more: Any) -> str:
    """Return a token of the second provider."""
    return OTHER_SIGNER.token(_claims(user, held, rooms, {"iss": OTHER_ISSUER, **more}))


def _claims(user: str, roles: tuple[str, ...], rooms: Any, more: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    return claims(**{"sub": user, "roles": list(roles), "rooms": rooms, "iat": now, "exp": now + 600, **more})


def asked(client: Client, method: str, room: str, bearer: str, way: str = "", **more: Any) -> Answer:
    """Ask for a *room*, whose name is encoded as browsers do; *way* is what follows it in the path."""
    path = f"/meetings/{quote(room, safe='')}{way}"
    return client.call(method, path, [("Authorization", f"Bearer {bearer}")], **more)


def joined(client: Client, room: str, user: str = "ada", *roles: str) -> dict[str, Any]:
    """Return the answer to somebody who enters a room."""
    answer = asked(client, "POST", room, token(user, *roles))
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def present(client: Client, meeting: dict[str, Any]) -> list[str]:
    """Return who is in the meeting of an answer, by their ExternalUserIds."""
    wanted = meeting["Meeting"]["MeetingId"]
    return sorted(
        attendee["externalUserId"]
        for found in client.control("GET", "aws", "/local/meetings")
        for attendee in found["attendees"]
        if found["meetingId"] == wanted
    )


def opened(client: Client, room: str) -> dict[str, Any]:
    """Open the room by a host of its own, because one person opens five only, and let Bob in."""
    joined(client, room, f"host-of-{room}", "host")
    return joined(client, room, "bob")


def open_meetings(client: Client) -> set[str]:
    """Return the ids of all meetings that go on."""
    return {meeting["meetingId"] for meeting in client.control("GET", "aws", "/local/meetings")}


def is_written(stack: LocalStack, room: str) -> bool:
    """Tell whether the room has an item."""
    dynamodb = owner(stack, "dynamodb")
    [table] = dynamodb.list_tables()["TableNames"]
    return "Item" in dynamodb.get_item(TableName=table, Key={"id": {"S": names.digest(room)}})


def good_parameters(operation: str, attendee: dict[str, Any], meeting: dict[str, Any]) -> dict[str, Any]:
    """Return good parameters for an *operation* on that attendee and meeting."""
    known: dict[str, Any] = {
        "MeetingId": meeting["MeetingId"],
        "AttendeeId": attendee["AttendeeId"],
        "ExternalUserId": "ada",
        "ExternalMeetingId": "mine",
        "ClientRequestToken": "mine",
        "MediaRegion": "us-east-1",
        "Capabilities": SPEAKS,
        "Attendees": [{"ExternalUserId": "ada"}],
        "ExcludedAttendeeIds": [{"AttendeeId": meeting["MeetingId"]}],
        "TranscriptionConfiguration": {"EngineTranscribeSettings": {"LanguageCode": "en-US"}},
        "ResourceARN": meeting["MeetingArn"],
        "Tags": [{"Key": "mine", "Value": "mine"}],
        "TagKeys": ["mine"],
    }
    shape = Session().get_service_model("chime-sdk-meetings").operation_model(operation).input_shape
    assert shape
    missing = set(shape.required_members) - known.keys()
    assert not missing, f"{operation}: {missing}"
    return {name: known[name] for name in shape.required_members}
