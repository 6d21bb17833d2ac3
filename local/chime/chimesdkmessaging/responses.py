"""Chime SDK messaging over HTTP. Operations without a method here are not implemented, and moto answers that."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from ..chime_responses import ChimeResponse, page_of  # noqa: TID252 - relative, because both are imported below `moto`
from .models import ChimeSDKMessagingBackend, chimesdkmessaging_backends

_NOT_IMPLEMENTED = {"ElasticChannelConfiguration", "ExpirationSettings", "SubChannelId", "Tags", "Target"}
"""Parameters of implemented operations that ask for something that is not implemented."""


class ChimeSDKMessagingResponse(ChimeResponse[ChimeSDKMessagingBackend]):
    """The service over HTTP: one method for each operation, named after it."""

    def __init__(self) -> None:
        """Serve Chime SDK messaging."""
        super().__init__("chime-sdk-messaging", chimesdkmessaging_backends)

    def get_messaging_session_endpoint(self) -> ActionResult:
        """
        GetMessagingSessionEndpoint: the host and port at which this request arrived.

        On AWS it is a name like `node001.ue1.ws-messaging.chime.aws`. Under `mock_aws` no server could take the
        WebSocket, so the answer is a name that never exists (RFC 6761, 6.4): a client must not connect to the real AWS.
        """
        host = self.headers.get("X-Forwarded-Host") or f"node001.{self.region}.ws-messaging.invalid"
        return ActionResult({"Endpoint": {"Url": host}})

    def create_channel(self) -> ActionResult:
        """CreateChannel."""
        return ActionResult({"ChannelArn": self.backend.create_channel(self._parameters())})

    def describe_channel(self) -> ActionResult:
        """DescribeChannel."""
        parameters = self._parameters()
        return ActionResult(
            {"Channel": self.backend.describe_channel(parameters["ChannelArn"], parameters["ChimeBearer"])}
        )

    def create_channel_membership(self) -> ActionResult:
        """CreateChannelMembership."""
        parameters = self._parameters()
        membership = self.backend.create_channel_membership(
            parameters["ChannelArn"], parameters["MemberArn"], parameters["Type"], parameters["ChimeBearer"]
        )
        return ActionResult({"ChannelArn": membership.channel_arn, "Member": membership.member})

    def list_channel_memberships_for_app_instance_user(self) -> ActionResult:
        """ListChannelMembershipsForAppInstanceUser."""
        parameters = self._parameters()
        bearer = parameters["ChimeBearer"]
        found = self.backend.list_channel_memberships_for_app_instance_user(
            parameters.get("AppInstanceUserArn") or bearer, bearer
        )
        page, next_token = page_of(found, parameters)
        summaries = [
            {"ChannelSummary": channel.summary(), "AppInstanceUserMembershipSummary": {"Type": membership.type}}
            for channel, membership in page
        ]
        return ActionResult({"ChannelMemberships": summaries, "NextToken": next_token})

    def send_channel_message(self) -> ActionResult:
        """SendChannelMessage."""
        message = self.backend.send_channel_message(self._parameters())
        sent = {"ChannelArn": message.channel_arn, "MessageId": message.message_id, "Status": {"Value": "SENT"}}
        return ActionResult(sent)

    def list_channel_messages(self) -> ActionResult:
        """ListChannelMessages: the newest first, unless SortOrder is ASCENDING."""
        parameters = self._parameters()
        messages = self.backend.list_channel_messages(parameters["ChannelArn"], parameters["ChimeBearer"])
        if parameters.get("SortOrder") != "ASCENDING":
            messages.reverse()
        page, next_token = page_of([message for message in messages if _is_within(message, parameters)], parameters)
        return ActionResult({"ChannelArn": parameters["ChannelArn"], "ChannelMessages": page, "NextToken": next_token})

    def _parameters(self) -> dict[str, Any]:
        parameters = self.valid_parameters()
        requested = {name for name in _NOT_IMPLEMENTED if parameters.get(name)}
        if requested:
            raise NotImplementedError(f"{', '.join(sorted(requested))} is not available.")
        return parameters


def _is_within(message: Any, parameters: dict[str, Any]) -> bool:
    after, before = parameters.get("NotBefore"), parameters.get("NotAfter")
    sent = message.created_timestamp
    return (after is None or sent >= after) and (before is None or sent <= before)
