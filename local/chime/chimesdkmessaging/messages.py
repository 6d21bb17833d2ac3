"""Messages: what members write in a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from ..chime_responses import page_size, page_start, page_token  # noqa: TID252 - relative, both are below `moto`
from ..chimesdkidentity.exceptions import BadRequestError, ConflictError  # noqa: TID252 - as above
from .message_limits import check_limits
from .state import missing

if TYPE_CHECKING:
    from datetime import datetime

    from .channels import Channel
    from .state import State
    from .users import Identity


class Message(BaseModel):
    """A message. Its `number` is its place among the messages that were sent to the channel."""

    def __init__(self, parameters: dict[str, Any], sender: Identity, number: int) -> None:
        """Take the valid parameters of SendChannelMessage."""
        self.channel_arn: str = parameters["ChannelArn"]
        self.message_id = f"{mock_random.uuid4().hex}{mock_random.uuid4().hex}"
        self.number = number
        self.content: str | None = parameters["Content"]
        self.content_type: str | None = parameters.get("ContentType")
        self.metadata: str | None = parameters.get("Metadata")
        self.type: str = parameters["Type"]
        self.persistence: str = parameters["Persistence"]
        self.message_attributes: dict[str, Any] | None = parameters.get("MessageAttributes")
        self.target: list[dict[str, str]] | None = parameters.get("Target")
        self.sender = sender
        self.redacted = False
        self.created_timestamp = self.last_updated_timestamp = utcnow()
        self.last_edited_timestamp: datetime | None = None

    def is_visible_to(self, user_arn: str) -> bool:
        """Tell whether the user is among those for whom the message is: all, or its target and its sender."""
        return not self.target or user_arn in (self.sender["Arn"], self.target[0].get("MemberArn"))

    def edit(self, parameters: dict[str, Any]) -> None:
        """
        Replace content, content type and metadata by those of UpdateChannelMessage.

        That metadata is lost which the request does not repeat is inferred: Amazon's demo hands it back.
        """
        self.content = parameters["Content"]
        self.content_type, self.metadata = parameters.get("ContentType"), parameters.get("Metadata")
        self.last_edited_timestamp = self.last_updated_timestamp = utcnow()

    def redact(self) -> None:
        """Remove content and metadata for good."""
        self.erase()
        self.redacted = True
        self.last_updated_timestamp = utcnow()

    def erase(self) -> None:
        """Forget what was written."""
        self.content = self.content_type = self.metadata = self.message_attributes = None

    def details(self) -> dict[str, Any]:
        """Return the ChannelMessage of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "MessageId": self.message_id,
            "Persistence": self.persistence,
            **self.summary(),
        }

    def summary(self) -> dict[str, Any]:
        """Return the ChannelMessageSummary of the model."""
        return {
            "MessageId": self.message_id,
            "Content": self.content,
            "ContentType": self.content_type,
            "Metadata": self.metadata,
            "Type": self.type,
            "MessageAttributes": self.message_attributes,
            "Sender": self.sender,
            "Target": self.target,
            "Redacted": self.redacted,
            "Status": {"Value": "SENT"},
            "CreatedTimestamp": self.created_timestamp,
            "LastUpdatedTimestamp": self.last_updated_timestamp,
            "LastEditedTimestamp": self.last_edited_timestamp,
        }


class Messages:
    """The operations on messages. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def send(self, parameters: dict[str, Any]) -> Message:
        """
        Send a message to the members who are connected, and store it if it is persistent.

        A repeated ClientRequestToken sends nothing: the message that was sent with it before is returned.

        Raises:
            ForbiddenError: The bearer is not a member, or a hidden one.
            BadRequestError: The message is too large, or its target is not a member.
        """
        check_limits(parameters)
        bearer_arn = parameters["ChimeBearer"]
        with self._state.lock:
            channel = self._state.channel_for("SendChannelMessage", parameters["ChannelArn"], bearer_arn)
            sent = (bearer_arn, parameters["ClientRequestToken"])
            if sent not in channel.sent:
                _check_target(parameters, channel)
                channel.sent[sent] = message = self._new(parameters, channel)
                self._state.events.message_created(channel, message)
            return channel.sent[sent]

    def get(self, parameters: dict[str, Any]) -> Message:
        """
        Return a stored message.

        Raises:
            ForbiddenError: The bearer may not read it. NotFoundError: There is no such message, or no such channel.
        """
        with self._state.lock:
            return self._message_for("GetChannelMessage", parameters)[1]

    def status_of(self, parameters: dict[str, Any]) -> Message:
        """
        Return a stored message, for its status.

        Raises:
            ForbiddenError: There is no such message, or the bearer is not its sender.
        """
        with self._state.lock:
            return self._message_for("GetChannelMessageStatus", parameters)[1]

    def list(self, parameters: dict[str, Any]) -> tuple[list[Message], str | None]:
        """
        Return a page of a channel's messages between NotBefore and NotAfter, and the next page's token, or None.

        The newest comes first, unless SortOrder is ASCENDING. A token is the place of a message, so a message that
        arrives meanwhile moves none from one page to another.

        Raises:
            ForbiddenError: The channel does not exist, or the bearer may not read it.
        """
        bearer_arn, step = parameters["ChimeBearer"], 1 if parameters.get("SortOrder") == "ASCENDING" else -1
        with self._state.lock:
            channel = self._state.channel_for("ListChannelMessages", parameters["ChannelArn"], bearer_arn)
            found = [
                message
                for message in [*channel.messages.values()][::step]
                if message.is_visible_to(bearer_arn) and _is_within(message, parameters)
            ]
        if parameters.get("NextToken"):
            last = page_start(parameters)
            found = [message for message in found if (message.number - last) * step > 0]
        page = found[: page_size(parameters)]
        return page, page_token(page[-1].number) if len(found) > len(page) else None

    def update(self, parameters: dict[str, Any]) -> Message:
        """
        Edit a message.

        Raises:
            ForbiddenError: There is no such message, or the bearer is not its sender, or no member any more.
            BadRequestError: It would be too large. ConflictError: It was redacted; that AWS answers so is inferred.
        """
        with self._state.lock:
            channel, message = self._message_for("UpdateChannelMessage", parameters)
            check_limits({**parameters, "Type": message.type})
            if message.redacted:
                raise ConflictError("The message was redacted.")
            message.edit(parameters)
            self._state.events.message_updated(channel, message)
        return message

    def redact(self, parameters: dict[str, Any]) -> Message:
        """
        Remove a message's content and metadata. A second time changes nothing, which is inferred.

        Raises:
            ForbiddenError: There is no such message, or the bearer may not.
        """
        with self._state.lock:
            channel, message = self._message_for("RedactChannelMessage", parameters)
            if not message.redacted:
                message.redact()
                self._state.events.message_redacted(channel, message)
        return message

    def delete(self, parameters: dict[str, Any]) -> None:
        """
        Remove a message.

        Raises:
            ForbiddenError: There is no such message, or the bearer is no administrator.
        """
        with self._state.lock:
            channel, message = self._message_for("DeleteChannelMessage", parameters, unseen=True)
            del channel.messages[message.message_id]
            message.erase()
            self._state.events.message_deleted(channel, message)

    def _new(self, parameters: dict[str, Any], channel: Channel) -> Message:
        sender = self._state.users.identity(parameters["ChimeBearer"])
        message = Message(parameters, sender, len(channel.sent))
        if message.persistence == "PERSISTENT":
            channel.messages[message.message_id] = message
            channel.last_message_timestamp = message.created_timestamp
        return message

    def _message_for(
        self, operation: str, parameters: dict[str, Any], *, unseen: bool = False
    ) -> tuple[Channel, Message]:
        """Return the message on which the bearer may do *operation*; *unseen*: also one that they cannot see."""
        bearer_arn = parameters["ChimeBearer"]
        channel = self._state.channel(operation, parameters["ChannelArn"], bearer_arn)
        message = channel.messages.get(parameters["MessageId"])
        self._state.check(operation, channel, bearer_arn, message.sender["Arn"] if message else None)
        if message is None or not (unseen or message.is_visible_to(bearer_arn)):
            raise missing(operation, "message")
        return channel, message


def _check_target(parameters: dict[str, Any], channel: Channel) -> None:
    # That a target outside the channel is a BadRequest is inferred; that it must be a member is from the model.
    for target in parameters.get("Target") or []:
        if target.get("MemberArn") not in channel.members:
            raise BadRequestError("The target is not a member of this channel.")


def _is_within(message: Message, parameters: dict[str, Any]) -> bool:
    after, before = parameters.get("NotBefore"), parameters.get("NotAfter")
    sent = message.created_timestamp
    return (after is None or sent >= after) and (before is None or sent <= before)
