"""
The state of Chime SDK messaging.

Read in this order: `users`, `roles` (who may do what), `events` (who is told), `state` (what operations share), then
the operations by noun: `channels`, `memberships`, `moderators`, `bans`, `messages`, `preferences`; and `prefetch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.base_backend import BackendDict, BaseBackend

from .bans import Bans
from .channels import Channels
from .events import event
from .memberships import Memberships, leave
from .messages import Messages
from .moderators import Moderators
from .preferences import Preferences
from .prefetch import channel_details
from .state import State
from .users import app_instance_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import Receive


class ChimeSDKMessagingBackend(BaseBackend):
    """The messaging of one account in one region: an object for the operations on each noun."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start without channels and connections."""
        super().__init__(region_name, account_id)
        self._state = State(account_id, region_name)
        self.channels = Channels(self._state)
        self.memberships = Memberships(self._state)
        self.moderators = Moderators(self._state)
        self.bans = Bans(self._state)
        self.messages = Messages(self._state)
        self.preferences = Preferences(self._state)

    def check_user(self, user_arn: str) -> None:
        """
        Return if the user exists, and so may connect.

        Raises:
            ForbiddenError: There is no such user.
        """
        self._state.users.identity(user_arn)

    def delete_expired_users(self) -> None:
        """Delete the users who have expired, before they act once more."""
        self._state.users.delete_expired()

    def rename_user(self, user_arn: str, name: str) -> None:
        """Show a user's new name."""
        with self._state.lock:
            self._state.users.rename(user_arn, name)

    def forget_user(self, user_arn: str) -> None:
        """Remove a user who was deleted from all channels. That the other members are told is inferred."""
        with self._state.lock:
            for channel in self._state.channels.values():
                leave(self._state, channel, user_arn)
                channel.moderators.pop(user_arn, None)
                channel.bans.pop(user_arn, None)
            self._state.users.forget(user_arn)

    def forget_app_instance(self, app_instance_arn: str) -> None:
        """Remove the channels of an AppInstance that was deleted. Nobody is told, because its users are gone too."""
        with self._state.lock:
            for channel_arn in list(self._state.channels):
                if app_instance_of(channel_arn) == app_instance_arn:
                    del self._state.channels[channel_arn]

    def connect(
        self, user_arn: str, receive: Receive, prefetch_on: str = "", prefetch_sort_by: str = ""
    ) -> Callable[[], None]:
        """
        Pass the user's events to *receive*, until the function that is returned is called.

        The first says that the session is established. With *prefetch_on* `connect`, those of CHANNEL_DETAILS follow.
        """
        with self._state.lock:
            receive(event("SESSION_ESTABLISHED"))
            if prefetch_on == "connect":
                for details in channel_details(self._state.channels.values(), user_arn, prefetch_sort_by):
                    receive(event("CHANNEL_DETAILS", details))
            disconnect = self._state.events.connect(user_arn, receive)

        def locked() -> None:
            with self._state.lock:
                disconnect()

        return locked


# In the regions that botocore lists for the service: us-east-1 and eu-central-1.
chimesdkmessaging_backends = BackendDict(ChimeSDKMessagingBackend, "chime-sdk-messaging")
