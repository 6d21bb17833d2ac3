"""Look at what rooms need beside their function: the permissions of its role, and the table that says what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong
from operations.doctor.inside.roles import Needed, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Inside

OF_MEETINGS = (
    *("CreateAttendee", "DeleteAttendee", "DeleteMeeting"),
    *("GetMeeting", "ListAttendees", "UpdateAttendeeCapabilities"),
)
OF_TABLE = ("GetItem", "PutItem", "UpdateItem")
ANEW = "Set Meetings: none, make deploy, set it back and make deploy again. The next caller then opens a room anew."


@check("rooms role", "inside", "Whether the function of rooms may open meetings, let attendees in and use its table.")
def _rooms_role(inside: Inside) -> Iterator[Finding]:
    if not has_rooms(inside):
        return
    partition, region = inside.stack.id.split(":")[1], inside.app_instance_arn.split(":")[3]
    meeting = f"arn:{partition}:chime:{region}:{inside.account}:meeting/doctor"
    needed = [Needed("chime:CreateMeeting", "*", "meetings")]
    needed += [Needed(f"chime:{action}", meeting, "meetings") for action in OF_MEETINGS]
    needed += [Needed(f"dynamodb:{action}", _table_arn(inside), "its table") for action in OF_TABLE]
    if inside.stack.revokes:
        needed.append(Needed("ssm:GetParameter", inside.list_arn, "the list of revoked users"))
    yield from judged(inside, inside.role_arn("RoomsFunctionRole"), needed)


@check("rooms table", "inside", "Whether the table of rooms is there, and is what the function writes into.")
def _rooms_table(inside: Inside) -> Iterator[Finding]:
    if not has_rooms(inside):
        return
    client, name = inside.client("dynamodb"), inside.resources.get("RoomsTable", "")
    try:
        table = client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException:
        yield wrong(f"there is no table {name}", wanted="the table of rooms", mend=ANEW)
        return
    if table["TableStatus"] not in ("ACTIVE", "UPDATING"):
        yield wrong(f"{name} is {table['TableStatus']}", wanted="ACTIVE", mend="Wait until that is over.")
    else:
        yield ok(f"{name} is {table['TableStatus']}")


def has_rooms(inside: Inside) -> bool:
    """Tell whether the stack was deployed with rooms."""
    return (inside.stack.parameters.get("Meetings") or inside.template.default("Meetings")) != "none"


def _table_arn(inside: Inside) -> str:
    partition, name = inside.stack.id.split(":")[1], inside.resources.get("RoomsTable", "")
    return f"arn:{partition}:dynamodb:{inside.region}:{inside.account}:table/{name}"
