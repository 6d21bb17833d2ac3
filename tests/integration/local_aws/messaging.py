"""What tests of Chime SDK messaging do first: create a channel, write in it, read it."""

from __future__ import annotations

from typing import Any

MESSAGE = {"Content": "Hello, Bob", "Type": "STANDARD", "Persistence": "PERSISTENT"}


def create(messaging: Any, app_instance: str, bearer: str, **more: Any) -> str:
    return str(
        messaging.create_channel(AppInstanceArn=app_instance, Name="Engines", ChimeBearer=bearer, **more)["ChannelArn"]
    )


def send(messaging: Any, channel: str, bearer: str, **more: Any) -> Any:
    return messaging.send_channel_message(ChannelArn=channel, ChimeBearer=bearer, **{**MESSAGE, **more})


def contents(messaging: Any, channel: str, bearer: str, **more: Any) -> list[str]:
    listed = messaging.list_channel_messages(ChannelArn=channel, ChimeBearer=bearer, **more)
    return [message["Content"] for message in listed["ChannelMessages"]]
