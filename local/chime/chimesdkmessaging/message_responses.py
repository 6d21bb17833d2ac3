"""Messages over HTTP: one method for each operation, named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import ActionResult, EmptyResult

from .messaging_response import MessagingResponse

if TYPE_CHECKING:
    from .messages import Message


class MessageResponse(MessagingResponse):
    """The operations on messages."""

    def send_channel_message(self) -> ActionResult:
        """SendChannelMessage."""
        return _with_status(self.backend.messages.send(self._parameters()))

    def get_channel_message(self) -> ActionResult:
        """GetChannelMessage."""
        return ActionResult({"ChannelMessage": self.backend.messages.get(self._parameters()).details()})

    def get_channel_message_status(self) -> ActionResult:
        """GetChannelMessageStatus: without channel flows a message that is stored is sent."""
        return ActionResult({"Status": self.backend.messages.status_of(self._parameters()).summary()["Status"]})

    def list_channel_messages(self) -> ActionResult:
        """ListChannelMessages: the newest first, unless SortOrder is ASCENDING."""
        parameters = self._parameters()
        page, next_token = self.backend.messages.list(parameters)
        messages = [message.summary() for message in page]
        return ActionResult(
            {"ChannelArn": parameters["ChannelArn"], "ChannelMessages": messages, "NextToken": next_token}
        )

    def update_channel_message(self) -> ActionResult:
        """UpdateChannelMessage."""
        return _with_status(self.backend.messages.update(self._parameters()))

    def redact_channel_message(self) -> ActionResult:
        """RedactChannelMessage."""
        message = self.backend.messages.redact(self._parameters())
        return ActionResult({"ChannelArn": message.channel_arn, "MessageId": message.message_id})

    def delete_channel_message(self) -> ActionResult:
        """DeleteChannelMessage."""
        self.backend.messages.delete(self._parameters())
        return EmptyResult()


def _with_status(message: Message) -> ActionResult:
    details = message.details()
    return ActionResult({name: details[name] for name in ("ChannelArn", "MessageId", "Status")})
