"""Messages: what members write in a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

if TYPE_CHECKING:
    from .state import State
    from .users import Identity


class Message(BaseModel):
    """A message."""

    def __init__(self, parameters: dict[str, Any], sender: Identity) -> None:
        """Take the valid parameters of SendChannelMessage."""
        self.channel_arn: str = parameters["ChannelArn"]
        self.message_id = f"{mock_random.uuid4().hex}{mock_random.uuid4().hex}"
        self.content: str = parameters["Content"]
        self.content_type: str | None = parameters.get("ContentType")
        self.metadata: str | None = parameters.get("Metadata")
        self.type: str = parameters["Type"]
        self.persistence: str = parameters["Persistence"]
        self.message_attributes: dict[str, Any] | None = parameters.get("MessageAttributes")
        self.sender = sender
        self.redacted = False
        self.created_timestamp = self.last_updated_timestamp = utcnow()

    def details(self) -> dict[str, Any]:
        """Return the ChannelMessage of the model."""
        return {
            "ChannelArn": self.channel_arn,
            "MessageId": self.message_id,
            "Content": self.content,
            "ContentType": self.content_type,
            "Metadata": self.metadata,
            "Type": self.type,
            "Persistence": self.persistence,
            "MessageAttributes": self.message_attributes,
            "Sender": self.sender,
            "Redacted": self.redacted,
            "CreatedTimestamp": self.created_timestamp,
            "LastUpdatedTimestamp": self.last_updated_timestamp,
        }


class Messages:
    """The operations on messages. All take the valid parameters of their request."""

    def __init__(self, state: State) -> None:
        """Take what the operations share."""
        self._state = state

    def send(self, parameters: dict[str, Any]) -> Message:
        """
        Send a message to all members who are connected, and store it if it is persistent.

        A repeated ClientRequestToken sends nothing: the message that was sent with it before is returned.

        Raises:
            ForbiddenError: The bearer is not a member.
        """
        bearer_arn = parameters["ChimeBearer"]
        with self._state.lock:
            channel = self._state.channel_for("SendChannelMessage", parameters["ChannelArn"], bearer_arn)
            sent = (bearer_arn, parameters["ClientRequestToken"])
            if sent not in channel.sent:
                channel.sent[sent] = message = Message(parameters, self._state.users.identity(bearer_arn))
                if message.persistence == "PERSISTENT":
                    channel.messages.append(message)
                    channel.last_message_timestamp = message.created_timestamp
                self._state.events.message_created(channel, message)
            return channel.sent[sent]

    def list(self, parameters: dict[str, Any]) -> list[Message]:
        """
        Return the stored messages of a channel between NotBefore and NotAfter, in the order that SortOrder asks for.

        Raises:
            ForbiddenError: The channel does not exist, or the bearer may not read it.
        """
        with self._state.lock:
            channel = self._state.channel_for(
                "ListChannelMessages", parameters["ChannelArn"], parameters["ChimeBearer"]
            )
            messages = [message for message in channel.messages if _is_within(message, parameters)]
        return messages if parameters.get("SortOrder") == "ASCENDING" else messages[::-1]


def _is_within(message: Message, parameters: dict[str, Any]) -> bool:
    after, before = parameters.get("NotBefore"), parameters.get("NotAfter")
    sent = message.created_timestamp
    return (after is None or sent >= after) and (before is None or sent <= before)
