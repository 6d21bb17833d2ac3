"""
The table: which meeting a room has now, and what each caller opened of late (Amazon DynamoDB).

A meeting ends by itself, and a room's name outlives many meetings. So the room's item is the one thing that all
requests agree on, and every change of it is conditional. It has no name, no user id and no token in clear.

    id          digest of the room's name
    uuid        random, for each opening anew; everything that is written later is conditional on it
    intended_at when somebody set out to open the room
    ends_at     when its meeting has ended for certain, by Chime's limit of 24 hours
    meeting     CreateMeeting's answer, as JSON; missing while the item is an intent
    ended_at    when a host ended it
    over        True if the meeting is known to have ended
    earlier     {meeting id: ends_at} of meetings that were replaced and may still go on
    expires     when DynamoDB may delete the item; nothing else looks at it

What a caller opened of late is an item, too:

    id          digest of the caller's id
    openings    {digest of the room and of what was opened: when}
    opened_at   the latest of these times
    expires     as above

All times are in seconds since the epoch.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from signin.aws import AwsAdapter, aws_errors_translated
from signin.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONDITION_FAILED = "ConditionalCheckFailed"
LONGEST_MEETING = 24 * 3600
"""Seconds. Source: https://docs.aws.amazon.com/chime-sdk/latest/dg/meetings-sdk.html"""
INTENT_SECONDS = 10
"""An intent that is older is nobody's any more, because no request takes that long; the next request replaces it."""
KEPT_SECONDS = 24 * 3600
"""How long an item stays after it has become useless. DynamoDB deletes late, and nothing depends on it."""


class Outdated(Rejected):
    """Somebody else has changed the item since it was read. `found` is the item as it is now, if that was asked for."""

    def __init__(self, code: str, found: Mapping[str, Any] | None = None) -> None:
        """Take the *code*, and what DynamoDB *found*."""
        super().__init__(code)
        self.found = found or {}


class OtherOpenings(Outdated):
    """A caller opened of late what `openings` has, and not what was expected."""

    def __init__(self, code: str, openings: Mapping[str, float]) -> None:
        """Take the *code*, and what the caller opened, and when."""
        super().__init__(code)
        self.openings = openings


class RoomItem(NamedTuple):
    """A room's item; see the module for what its members mean."""

    uuid: str
    intended_at: float
    ends_at: float
    meeting: Mapping[str, Any] | None = None
    ended_at: float | None = None
    over: bool = False
    earlier: Mapping[str, float] = MappingProxyType({})

    @property
    def meeting_id(self) -> str:
        """Its meeting's id, or "" for an intent."""
        return str(self.meeting["MeetingId"]) if self.meeting else ""

    def is_current(self, now: float) -> bool:
        """Tell whether the room is open at *now*, or somebody is just opening it."""
        if self.ended_at is not None or self.over or now >= self.ends_at:
            return False
        return bool(self.meeting) or now - self.intended_at < INTENT_SECONDS

    def replaced(self, uuid: str, now: float) -> RoomItem:
        """Return the intent to open the room anew. It keeps the ids of meetings that may still go on."""
        earlier = {meeting_id: ends_at for meeting_id, ends_at in self.earlier.items() if now < ends_at}
        if self.meeting and not self.over and now < self.ends_at:
            earlier[self.meeting_id] = self.ends_at
        return intent(uuid, now, earlier)


def intent(uuid: str, now: float, earlier: Mapping[str, float] | None = None) -> RoomItem:
    """Return the intent to open a room at *now*."""
    return RoomItem(uuid, now, now + LONGEST_MEETING, earlier=earlier or {})


class RoomsTable(AwsAdapter):
    """The table *name*. Every method raises SigninError if DynamoDB throttles, fails or refuses."""

    def __init__(self, name: str) -> None:
        """Open no connection yet."""
        super().__init__("dynamodb")
        self._name = name

    def room(self, key: str) -> RoomItem | None:
        """
        Return the room's item, as the last write left it.

        Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
        """
        with aws_errors_translated("GetItem"):
            item = self._item(key)
            return _room(item) if item else None

    def intend(self, key: str, new: RoomItem, replacing: RoomItem | None) -> None:
        """
        Write the intent *new* in place of the item that was read, or of none.

        Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html

        Raises:
            Outdated: The item is another one by now.
        """
        condition, values = _unchanged(replacing)
        self._put(key, _attributes(new), condition, values)

    def opened(self, key: str, uuid: str, meeting: Mapping[str, Any]) -> None:
        """
        Write the *meeting* of the intent *uuid*.

        Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html

        Raises:
            Outdated: The intent has a meeting, was replaced or was ended by a host.
        """
        condition = "#uuid = :uuid AND attribute_not_exists(meeting) AND attribute_not_exists(ended_at)"
        self._update(key, "SET meeting = :new", condition, uuid, {"S": json.dumps(meeting)})

    def ended(self, key: str, uuid: str, now: float) -> RoomItem:
        """
        Write that a host ended the room at *now*, and return its item, which has the meeting that is to be ended.

        Raises:
            Outdated: The room was opened anew, or ended by another host.
        """
        condition = "#uuid = :uuid AND attribute_not_exists(ended_at)"
        return self._update(key, "SET ended_at = :new", condition, uuid, _number(now))

    def over(self, key: str, uuid: str) -> None:
        """
        Write that the room's meeting is known to have ended.

        Raises:
            Outdated: The room was opened anew.
        """
        self._update(key, "SET #over = :new", "#uuid = :uuid", uuid, {"BOOL": True}, **{"#over": "over"})

    def write_openings(
        self, key: str, expected: Mapping[str, float], new: Mapping[str, float], *, lapsed: float
    ) -> None:
        """
        Write what a caller opened of late, in place of what is *expected* to be there.

        Nothing is expected of somebody who opened nothing since *lapsed*; what they opened before does not matter.

        Raises:
            OtherOpenings: It is not what was expected.
        """
        condition, values = "openings = :expected", {":expected": _map(expected)}
        if not expected:
            condition, values = "attribute_not_exists(id) OR opened_at <= :lapsed", {":lapsed": _number(lapsed)}
        opened_at = max(new.values())
        attributes = {
            "openings": _map(new),
            "opened_at": _number(opened_at),
            "expires": _number(opened_at + KEPT_SECONDS),
        }
        try:
            self._put(key, attributes, condition, values, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except Outdated as error:
            with aws_errors_translated("PutItem"):
                openings = _times(error.found.get("openings", {"M": {}}))
            raise OtherOpenings(error.code, openings) from error

    def _item(self, key: str) -> Mapping[str, Any]:
        answer = self._client.get_item(TableName=self._name, Key={"id": {"S": key}}, ConsistentRead=True)
        item: Mapping[str, Any] = answer.get("Item") or {}
        return item

    def _put(
        self, key: str, attributes: Mapping[str, Any], condition: str, values: Mapping[str, Any], **options: str
    ) -> None:
        more = {"ExpressionAttributeValues": values} if values else {}
        names = {"ExpressionAttributeNames": {"#uuid": "uuid"}} if "#uuid" in condition else {}
        with _failed_condition_is_outdated(), aws_errors_translated("PutItem"):
            self._client.put_item(
                TableName=self._name,
                Item={"id": {"S": key}, **attributes},
                ConditionExpression=condition,
                **more,
                **names,
                **options,
            )

    def _update(
        self, key: str, change: str, condition: str, uuid: str, new: Mapping[str, Any], **names: str
    ) -> RoomItem:
        """Change the item, and return it as it is then."""
        with _failed_condition_is_outdated(), aws_errors_translated("UpdateItem"):
            answer = self._client.update_item(
                TableName=self._name,
                Key={"id": {"S": key}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#uuid": "uuid", **names},
                ExpressionAttributeValues={":uuid": {"S": uuid}, ":new": new},
                ReturnValues="ALL_NEW",
            )
            # botocore takes an answer that is no JSON for an empty one, and a meeting that is not written down is lost.
            # The new value is not compared, because DynamoDB writes numbers in its own way.
            written = _room(answer["Attributes"])
            if written.uuid != uuid:
                raise ValueError("another item than was written")
            return written


@contextmanager
def _failed_condition_is_outdated() -> Iterator[None]:
    try:
        yield
    except Rejected as error:
        if error.code == CONDITION_FAILED:
            # The cause is botocore's error, whose answer has the item.
            raise Outdated(error.code, getattr(error.__cause__, "response", {}).get("Item")) from error
        raise


def _unchanged(read: RoomItem | None) -> tuple[str, dict[str, Any]]:
    """Return the condition that an item is still as it was *read*, with its values."""
    if read is None:
        return "attribute_not_exists(id)", {}
    if read.ended_at is None:
        # A room that a host has ended in the meantime is another one.
        return "#uuid = :uuid AND attribute_not_exists(ended_at)", {":uuid": {"S": read.uuid}}
    return "#uuid = :uuid AND ended_at = :ended", {":uuid": {"S": read.uuid}, ":ended": _number(read.ended_at)}


def _room(item: Mapping[str, Any]) -> RoomItem:
    meeting = json.loads(item["meeting"]["S"]) if "meeting" in item else None
    if meeting is not None and not (isinstance(meeting, dict) and isinstance(meeting["MeetingId"], str)):
        raise ValueError("no meeting")
    return RoomItem(
        uuid=item["uuid"]["S"],
        intended_at=float(item["intended_at"]["N"]),
        ends_at=float(item["ends_at"]["N"]),
        meeting=meeting,
        ended_at=float(item["ended_at"]["N"]) if "ended_at" in item else None,
        over=bool(item.get("over", {}).get("BOOL")),
        earlier=_times(item["earlier"]),
    )


def _attributes(room: RoomItem) -> dict[str, Any]:
    return {
        "uuid": {"S": room.uuid},
        "intended_at": _number(room.intended_at),
        "ends_at": _number(room.ends_at),
        "earlier": _map(room.earlier),
        "expires": _number(room.ends_at + KEPT_SECONDS),
    }


def _number(seconds: float) -> dict[str, str]:
    # To the millisecond, so that a time that was read and is written again is the same number.
    return {"N": f"{seconds:.3f}"}


def _map(times: Mapping[str, float]) -> dict[str, Any]:
    return {"M": {what: _number(at) for what, at in times.items()}}


def _times(attribute: Mapping[str, Any]) -> dict[str, float]:
    return {what: float(at["N"]) for what, at in attribute["M"].items()}
