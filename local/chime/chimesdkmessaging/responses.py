"""Chime SDK messaging over HTTP; operations without a method here are not implemented, and moto says so."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from ..chime_responses import ChimeResponse, page_of  # noqa: TID252 - both are below `moto` when they run
from .models import ChimeSDKMessagingBackend, chimesdkmessaging_backends

_ELSEWHERE = {"ElasticChannelConfiguration", "ExpirationSettings", "SubChannelId", "Tags", "Target"}
"""Parameters that ask for what is not done here."""


class ChimeSDKMessagingResponse(ChimeResponse[ChimeSDKMessagingBackend]):
    """One method for each operation, named after it."""

    def __init__(self) -> None:
        """Serve messaging."""
        super().__init__("chime-sdk-messaging", chimesdkmessaging_backends)

    def get_messaging_session_endpoint(self) -> ActionResult:
        """
        GetMessagingSessionEndpoint: the host, and the port, at which this request arrived.

        On AWS it is like `node001.ue1.ws-messaging.chime.aws`. Where moto is no server, nobody plays that, and
        credentials that mean nothing must not go to the real one: the name is one that never exists (RFC 6761, 6.4).
        """
        host = self.headers.get("X-Forwarded-Host") or f"node001.{self.region}.ws-messaging.invalid"
        return ActionResult({"Endpoint": {"Url": host}})

    def create_channel(self) -> ActionResult:
        """CreateChannel."""
        return ActionResult({"ChannelArn": self.backend.create_channel(self._given())})

    def describe_channel(self) -> ActionResult:
        """DescribeChannel."""
        given = self._given()
        return ActionResult({"Channel": self.backend.describe_channel(given["ChannelArn"], given["ChimeBearer"])})

    def create_channel_membership(self) -> ActionResult:
        """CreateChannelMembership."""
        given = self._given()
        membership = self.backend.create_channel_membership(
            given["ChannelArn"], given["MemberArn"], given["Type"], given["ChimeBearer"]
        )
        return ActionResult({"ChannelArn": membership.channel_arn, "Member": membership.member})

    def list_channel_memberships_for_app_instance_user(self) -> ActionResult:
        """ListChannelMembershipsForAppInstanceUser."""
        given = self._given()
        bearer = given["ChimeBearer"]
        found = self.backend.list_channel_memberships_for_app_instance_user(
            given.get("AppInstanceUserArn") or bearer, bearer
        )
        page, next_token = page_of(found, given)
        summaries = [
            {"ChannelSummary": channel.summary(), "AppInstanceUserMembershipSummary": {"Type": membership.type}}
            for channel, membership in page
        ]
        return ActionResult({"ChannelMemberships": summaries, "NextToken": next_token})

    def send_channel_message(self) -> ActionResult:
        """SendChannelMessage."""
        message = self.backend.send_channel_message(self._given())
        sent = {"ChannelArn": message.channel_arn, "MessageId": message.message_id, "Status": {"Value": "SENT"}}
        return ActionResult(sent)

    def list_channel_messages(self) -> ActionResult:
        """ListChannelMessages: the newest first, unless they are asked for the other way round."""
        given = self._given()
        messages = self.backend.list_channel_messages(given["ChannelArn"], given["ChimeBearer"])
        if given.get("SortOrder") != "ASCENDING":
            messages.reverse()
        page, next_token = page_of([message for message in messages if _is_within(message, given)], given)
        return ActionResult({"ChannelArn": given["ChannelArn"], "ChannelMessages": page, "NextToken": next_token})

    def _given(self) -> dict[str, Any]:
        given = self.valid()
        asked = {name for name in _ELSEWHERE if given.get(name)}
        if asked:
            raise NotImplementedError(f"{', '.join(sorted(asked))} is not available.")
        return given


def _is_within(message: Any, given: dict[str, Any]) -> bool:
    after, before = given.get("NotBefore"), given.get("NotAfter")
    sent = message.created_timestamp
    return (after is None or sent >= after) and (before is None or sent <= before)
