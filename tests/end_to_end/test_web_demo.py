"""
A conversation in Amazon's public web chat demo, call by call, and what it waits for on its WebSocket.

`WebDemo` makes the calls that the demo (apps/chat of aws-samples/amazon-chime-sdk) makes for what a person does in it,
in its order and with its parameters, as they were recorded when it ran on the local stack in two browsers
(docs/local-stack.md says how). Nothing of the demo is run here.
"""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.sync.client import ClientConnection, connect

from tests.end_to_end.conftest import Client, aws, command_line_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0
"""In seconds; a safety net, on which no test depends."""


class WebDemo:
    """The demo in the browser of one user."""

    def __init__(self, client: Client, user_id: str, name: str) -> None:
        token = base64.b64encode(client.token(sub=user_id, name=name).encode()).decode()
        me = client.sign_in(token, "/creds").body
        self.name, self.user_arn, self.app_instance_arn = name, me["ChimeAppInstanceUserArn"], me["ChimeAppInstanceArn"]
        self._credentials, self._bearer = me["ChimeCredentials"], {"ChimeBearer": self.user_arn}
        self._identity = aws(client, "chime-sdk-identity", self._credentials)
        self._messaging = aws(client, "chime-sdk-messaging", self._credentials)
        self._identity.meta.events.register(
            "before-sign.*.ListAppInstanceUsers", lambda request, **_: request.headers.add_header(*self._bearer_header)
        )
        self._session: ClientConnection
        self.channels: dict[str, str] = {}
        """The ARNs of the channels in the list on the left, by name."""

    @contextmanager
    def connected(self) -> Iterator[Self]:
        """Connect, and load the list of channels."""
        endpoint = self._messaging.get_messaging_session_endpoint()["Endpoint"]["Url"]
        with connect(self._signed(endpoint), open_timeout=PATIENCE, close_timeout=PATIENCE) as self._session:
            assert self._event()[0] == "SESSION_ESTABLISHED"
            self.load_channels()
            yield self

    def load_channels(self) -> None:
        own = self._messaging.list_channel_memberships_for_app_instance_user(**self._bearer)["ChannelMemberships"]
        public = self._messaging.list_channels(AppInstanceArn=self.app_instance_arn, **self._bearer)["Channels"]
        moderated = self._messaging.list_channels_moderated_by_app_instance_user(**self._bearer)["Channels"]
        for summary in moderated:
            self.describe(summary["ChannelSummary"]["ChannelArn"])
        summaries = [*public, *(one["ChannelSummary"] for one in [*own, *moderated])]
        self.channels = {summary["Name"]: summary["ChannelArn"] for summary in summaries}

    def create_channel(self, name: str, privacy: str = "PRIVATE") -> None:
        metadata = {"Metadata": json.dumps({"ChannelType": "PUBLIC_STANDARD"})} if privacy == "PUBLIC" else {}
        arn = self._messaging.create_channel(
            AppInstanceArn=self.app_instance_arn,
            Name=name,
            Mode="RESTRICTED",
            Privacy=privacy,
            **metadata,
            **self._bearer,
        )["ChannelArn"]
        self.channels[name] = self.describe(arn)["ChannelArn"]
        assert self.open(name) == []

    def open(self, name: str) -> list[dict[str, Any]]:
        """Show a channel; return its messages as shown, the oldest first."""
        channel = {"ChannelArn": self.channels[name], **self._bearer}
        self.is_moderator = self._moderates(channel)
        self.describe(self.channels[name])
        messages = self._messaging.list_channel_messages(**channel)["ChannelMessages"]
        self.members = [
            one["Member"]["Arn"] for one in self._messaging.list_channel_memberships(**channel)["ChannelMemberships"]
        ]
        if self.user_arn in self.members:
            self.write(name, "P|Auto|Online", Type="CONTROL", Persistence="NON_PERSISTENT")
        return sorted(messages, key=lambda message: message["CreatedTimestamp"])

    def _moderates(self, channel: dict[str, str]) -> bool:
        # Only moderators may ask; to all others the demo shows what members may do.
        try:
            listed = self._messaging.list_channel_moderators(**channel)["ChannelModerators"]
        except self._messaging.exceptions.ForbiddenException:
            return False
        return self.user_arn in [one["Moderator"]["Arn"] for one in listed]

    def describe(self, channel_arn: str) -> Any:
        return self._messaging.describe_channel(ChannelArn=channel_arn, **self._bearer)["Channel"]

    def contacts(self) -> dict[str, str]:
        """Return who is in the contact picker: users' ARNs by name, without the members of the open channel."""
        users = self._identity.list_app_instance_users(AppInstanceArn=self.app_instance_arn)["AppInstanceUsers"]
        arns = {user["Name"]: user["AppInstanceUserArn"] for user in users}
        return {name: arn for name, arn in arns.items() if arn not in self.members}

    def invite(self, channel: str, name: str) -> None:
        created = self._messaging.create_channel_membership(
            ChannelArn=self.channels[channel], MemberArn=self.contacts()[name], Type="DEFAULT", **self._bearer
        )
        assert created["Member"]["Name"] == name

    def join(self, channel: str) -> None:
        self._messaging.create_channel_membership(
            ChannelArn=self.channels[channel], MemberArn=self.user_arn, Type="DEFAULT", **self._bearer
        )

    def type(self, channel: str) -> None:
        """Type in a channel: the others are shown that somebody does."""
        self.write(channel, json.dumps({"Typing": "Indicator"}), Type="CONTROL", Persistence="NON_PERSISTENT")

    def write(self, channel: str, content: str, **change: str) -> str:
        """Send a message, and return its id."""
        message = {"Content": content, "Type": "STANDARD", "Persistence": "PERSISTENT", **change}
        sent = self._messaging.send_channel_message(ChannelArn=self.channels[channel], **message, **self._bearer)
        return str(sent["MessageId"])

    def edit(self, channel: str, message_id: str, content: str) -> None:
        self._messaging.update_channel_message(
            ChannelArn=self.channels[channel], MessageId=message_id, Content=content, **self._bearer
        )

    def redact(self, channel: str, message_id: str) -> None:
        self._messaging.redact_channel_message(ChannelArn=self.channels[channel], MessageId=message_id, **self._bearer)

    def leave(self, channel: str) -> None:
        self._messaging.delete_channel_membership(
            ChannelArn=self.channels[channel], MemberArn=self.user_arn, **self._bearer
        )

    def ban(self, channel: str, user_arn: str) -> list[str]:
        """Ban a user, and return who was banned before."""
        banned = self._messaging.list_channel_bans(ChannelArn=self.channels[channel], MaxResults=50, **self._bearer)
        self._messaging.create_channel_ban(ChannelArn=self.channels[channel], MemberArn=user_arn, **self._bearer)
        return [one["Member"]["Arn"] for one in banned["ChannelBans"]]

    def delete(self, channel: str) -> None:
        self._messaging.delete_channel(ChannelArn=self.channels[channel], **self._bearer)

    def sees(self, event_type: str) -> Any:
        """Return the payload of the next event of a type; what comes before it was nothing that a test waits for."""
        while True:
            event, payload = self._event()
            if event == event_type and (payload or {}).get("Type") != "CONTROL":
                return payload

    def _event(self) -> tuple[str, Any]:
        sent = json.loads(self._session.recv(timeout=PATIENCE))
        return sent["Headers"]["x-amz-chime-event-type"], json.loads(sent.get("Payload", "null"))

    @property
    def _bearer_header(self) -> tuple[str, str]:
        return "x-amz-chime-bearer", self.user_arn

    def _signed(self, endpoint: str) -> str:
        keys = Credentials(*(self._credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
        query = urlencode({"userArn": self.user_arn, "sessionId": "47c46ce8-591e-4719-bc7b-f8d1ab865961"})
        request = AWSRequest("GET", f"http://{endpoint}/connect?{query}")
        SigV4QueryAuth(keys, "chime", "us-east-1", expires=10).add_auth(request)
        return str(request.url).replace("http:", "ws:")


@pytest.fixture(scope="module")
def stack() -> Iterator[Client]:
    parameters = ("Messaging=member", "ContactList=true", "AcceptBase64Tokens=true")
    with command_line_stack(*(word for one in parameters for word in ("--parameter", one))) as client:
        yield client


@pytest.fixture
def people(stack: Client) -> Iterator[tuple[WebDemo, WebDemo]]:
    """Ada and Bob, each with the demo open."""
    with ExitStack() as browsers:
        both = (WebDemo(stack, "ada", "Ada Lovelace"), WebDemo(stack, "bob", "Bob Kahn"))
        ada, bob = (browsers.enter_context(one.connected()) for one in both)
        yield ada, bob


def test_conversation(people: tuple[WebDemo, WebDemo]) -> None:
    ada, bob = people

    # A channel's creator is in it at once, and moderates it.
    ada.create_channel("Engines")
    assert (ada.members, ada.is_moderator) == ([ada.user_arn], True)
    ada.create_channel("Square", "PUBLIC")
    ada.load_channels()
    bob.load_channels()
    assert (sorted(ada.channels), sorted(bob.channels)) == (["Engines", "Square"], ["Square"])

    # Bob, in whose list the channel appears, is invited from the contact picker.
    ada.open("Engines")
    ada.invite("Engines", "Bob Kahn")
    invited = bob.sees("CREATE_CHANNEL_MEMBERSHIP")
    assert (invited["Member"]["Arn"], invited["InvitedBy"]["Name"]) == (bob.user_arn, "Ada Lovelace")
    bob.channels["Engines"] = bob.describe(invited["ChannelArn"])["ChannelArn"]
    assert bob.open("Engines") == []
    assert (sorted(bob.members), bob.is_moderator) == ([ada.user_arn, bob.user_arn], False)

    # Both ways, live.
    ada.type("Engines")
    hers = ada.write("Engines", "Hello, Bob")
    his = bob.write("Engines", "Hello, Ada")
    for person in people:
        read = [person.sees("CREATE_CHANNEL_MESSAGE") for _ in range(2)]
        assert [(one["MessageId"], one["Content"], one["Sender"]["Name"]) for one in read] == [
            (hers, "Hello, Bob", "Ada Lovelace"),
            (his, "Hello, Ada", "Bob Kahn"),
        ]
        # The demo reads `Status.Value` and `Persistence` of everything that it shows.
        assert {(one["Status"]["Value"], one["Persistence"]) for one in read} == {("SENT", "PERSISTENT")}

    ada.edit("Engines", hers, "Good day, Bob")
    bob.redact("Engines", his)
    for person in people:
        edited, redacted = person.sees("UPDATE_CHANNEL_MESSAGE"), person.sees("REDACT_CHANNEL_MESSAGE")
        assert (edited["MessageId"], edited["Content"]) == (hers, "Good day, Bob")
        assert (redacted["MessageId"], redacted["Redacted"], "Content" in redacted) == (his, True, False)
    shown = bob.open("Engines")
    assert [(one["MessageId"], one.get("Content"), one["Redacted"]) for one in shown] == [
        (hers, "Good day, Bob", False),
        (his, None, True),
    ]
    assert "LastEditedTimestamp" in shown[0]

    bob.leave("Engines")
    for person in people:
        assert person.sees("DELETE_CHANNEL_MEMBERSHIP")["Member"]["Arn"] == bob.user_arn

    ada.open("Engines")
    ada.invite("Engines", "Bob Kahn")
    assert bob.sees("CREATE_CHANNEL_MEMBERSHIP")["ChannelArn"] == bob.channels["Engines"]
    assert ada.ban("Engines", bob.user_arn) == []
    for person in people:
        assert person.sees("DELETE_CHANNEL_MEMBERSHIP")["Member"]["Arn"] == bob.user_arn
    with pytest.raises(ClientError, match="Forbidden"):
        bob.open("Engines")

    # Everybody may join a public channel, although the demo makes it restricted, and nobody writes in it before.
    with pytest.raises(ClientError, match="Forbidden"):
        bob.write("Square", "P|Auto|Idle", Type="CONTROL", Persistence="NON_PERSISTENT")
    bob.join("Square")
    assert ada.sees("CREATE_CHANNEL_MEMBERSHIP")["InvitedBy"]["Arn"] == bob.user_arn
    assert bob.open("Square") == []
    assert sorted(bob.members) == [ada.user_arn, bob.user_arn]

    ada.delete("Engines")
    assert ada.sees("DELETE_CHANNEL")["ChannelArn"] == ada.channels["Engines"]
    ada.load_channels()
    assert sorted(ada.channels) == ["Square"]
