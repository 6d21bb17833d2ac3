"""What nobody has proved of AWS, so that a client can be tested against each way that it may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviours:
    """
    How the service behaves where its documentation leaves it open.

    The defaults are what the documentation makes most likely, and where it says nothing, what asks more of a client.
    """

    returns_old_attendee: bool = True
    """
    CreateAttendee with an ExternalUserId that an attendee has returns that attendee, instead of making another one.

    The model calls the id "an idempotency token"; no answer of AWS shows what it does.
    """

    ignores_case_of_users: bool = True
    """ExternalUserIds that differ only in case are the same: the model calls them case-insensitive."""

    not_found_seconds: float = 0
    """
    For how long a new meeting answers NotFound.

    Reported as the rule for some (https://github.com/aws/aws-sdk-js/issues/3328), unknown to most.
    """

    conflict_seconds: float = 0
    """
    For how long after a CreateMeeting another one with the same ClientRequestToken answers ConflictException.

    The model: "Multiple instances of the same request have been made simultaneously". What counts as simultaneous is
    not said; here no two requests ever are, because creating takes no time.
    """

    forgets_token_at_end: bool = False
    """
    CreateMeeting with the ClientRequestToken of a meeting that has ended makes a new meeting.

    Otherwise it returns the one that has ended, in which nothing works. The same token gives the same meeting
    (https://github.com/aws/amazon-chime-sdk-js/issues/2433); for how long is not said.
    """

    ends_with_one_connection: bool = True
    """
    A meeting ends after thirty minutes with only one audio connection.

    That was so in the namespace before this one (`chime`). The SDK's FAQ says that it is so only there
    (https://github.com/aws/amazon-chime-sdk-js/issues/2645).
    """

    requires_max_count: bool = True
    """
    A meeting with FHD video or UHD content has to state a MaxCount of attendees.

    The model says so of both resolutions, and of the MaxCount that they change its default from 250 to 25.
    """
