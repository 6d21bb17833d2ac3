"""
The rooms of a stack, for who is to be taken out of them: the table in DynamoDB, and the meetings in Amazon Chime SDK.

`rooms.table` says what the table's items are like. An item of a room names its meeting, and the earlier ones that may
still go on. The function writes a meeting into the table before anybody gets an attendee in it, so nobody is in a
meeting of a room that the table does not name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.aws import aws_errors_as_operation_errors, pages
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import boto3

ENDED = {"NotFoundException", "NotFound"}
"""The codes that mean a meeting that has ended, or an attendee who is gone."""
SPOILT = "The item {1} of the table {0} is not as a room's is, so which meetings that room has is not known."
LOOKS = 2
"""A join that was under way at the first look is found at the second."""


class MeetingsOfRooms:
    """The rooms in the table *table*, whose meetings are controlled from *region*."""

    def __init__(self, session: boto3.Session, table: str, region: Any) -> None:
        """Take the credentials to reach them with."""
        with aws_errors_as_operation_errors():
            self._dynamodb: Any = session.client("dynamodb")
            self._chime: Any = session.client("chime-sdk-meetings", region_name=region)
        self._table = table

    def remove(self, users: frozenset[str], print_line: Callable[[str], None]) -> None:
        """
        Remove the attendees of *users* from all meetings that go on, and say by *print_line* from which.

        Raises:
            OperationError: The table cannot be read, or some meetings cannot; everybody was removed from the others.
        """
        wanted = self._external_user_ids(users)
        ended: set[str] = set()
        for _ in range(LOOKS):
            meetings, failures = self._meetings()
            for meeting in sorted(meetings - ended):
                try:
                    goes_on = self._remove(meeting, wanted, print_line)
                except OperationError as error:
                    failures.append(f"Meeting {meeting}: {error}")
                else:
                    ended |= set() if goes_on else {meeting}
        print_line(f"Looked for their attendees in {len(meetings - ended)} open meetings of rooms.")
        if failures:
            raise OperationError("\n".join(failures))

    def know(self, user: str) -> bool:
        """Tell whether the table has what the user opened of late, or the user is in a meeting that goes on."""
        if any(item["id"]["S"] == self._openings_key(user) for item in self._items()):
            return True
        wanted = self._external_user_ids(frozenset({user}))
        return any(self._attendees(meeting, wanted) for meeting in self._meetings()[0])

    def forget(self, user: str) -> None:
        """
        Delete what the table has about the user: which rooms they opened of late, as hashes.

        Raises:
            OperationError: AWS refuses.
        """
        with aws_errors_as_operation_errors():
            self._dynamodb.delete_item(TableName=self._table, Key={"id": {"S": self._openings_key(user)}})

    def _remove(self, meeting: str, wanted: Mapping[str, str], print_line: Callable[[str], None]) -> bool:
        """Remove the *wanted* from a meeting. Return whether it goes on."""
        # All pages before the first removal: whether a page that is asked for later would skip somebody is not known.
        found = self._attendees(meeting, wanted)
        for attendee, user in found or []:
            with aws_errors_as_operation_errors():
                self._unless_ended(self._chime.delete_attendee, MeetingId=meeting, AttendeeId=attendee)
            print_line(f"{user} is removed from the meeting {meeting}.")
        return found is not None

    def _attendees(self, meeting: str, wanted: Mapping[str, str]) -> list[tuple[str, str]] | None:
        """Return the ids of attendees of those who are *wanted*, with the user's id; None if the meeting has ended."""
        with aws_errors_as_operation_errors():
            found = self._unless_ended(lambda: list(pages(self._chime.list_attendees, MeetingId=meeting)))
        if found is None:
            return None
        attendees = [attendee for page in found for attendee in page["Attendees"]]
        # Letter by letter: Ada and ada are two users, although Chime calls this id case-insensitive.
        return [
            (each["AttendeeId"], wanted[each["ExternalUserId"]])
            for each in attendees
            if each["ExternalUserId"] in wanted
        ]

    def _meetings(self) -> tuple[set[str], list[str]]:
        """Return the meetings that may go on, and a sentence about each item that is not as a room's is."""
        meetings: set[str] = set()
        failures = []
        for item in self._items():
            try:
                meetings |= set(_meetings_of(item))
            except (LookupError, TypeError, ValueError):
                failures.append(SPOILT.format(self._table, item["id"]["S"]))
        return meetings, failures

    def _items(self) -> Iterator[Mapping[str, Any]]:
        with aws_errors_as_operation_errors():
            # Consistent, or a room that was opened a moment ago could be missing.
            scan = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
            yield from [item for page in scan for item in page["Items"]]

    @staticmethod
    def _unless_ended(call: Callable[..., Any], **parameters: str) -> Any:
        try:
            return call(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] in ENDED:
                return None
            raise

    @staticmethod
    def _external_user_ids(users: frozenset[str]) -> dict[str, str]:
        # Here, because only stacks with rooms need the function's code, which is not on everybody's path.
        from rooms import names  # noqa: PLC0415

        return {names.external_user_id(user): user for user in users}

    @staticmethod
    def _openings_key(user: str) -> str:
        from rooms import names  # noqa: PLC0415 - as above

        return names.openings_key(user)


def _meetings_of(item: Mapping[str, Any]) -> Iterator[str]:
    if "meeting" in item and not item.get("over", {}).get("BOOL"):
        meeting_id = json.loads(item["meeting"]["S"])["MeetingId"]
        if not isinstance(meeting_id, str):
            raise ValueError("no meeting's id")
        yield meeting_id
    yield from item.get("earlier", {"M": {}})["M"]
