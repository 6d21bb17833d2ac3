"""Open a channel of Chime SDK messaging as an application's backend does, for users whose own permissions open none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from moto.backends import get_backend
from moto.core.exceptions import ServiceException

from local.aws.faults import InvalidFieldError
from local.aws.identities import ACCOUNT

if TYPE_CHECKING:
    from local.chime.chimesdkmessaging.models import ChimeSDKMessagingBackend

_USER = re.compile(r"(arn:aws:chime:([a-z0-9-]+):[0-9]{12}:app-instance/[A-Za-z0-9-]+)/user/\S+")
_FIELDS = {"name", "creator", "members"}


def open_channel(body: object) -> dict[str, str]:
    """
    Create a private channel of `{"name": "Engines", "creator": "<ARN of a user>", "members": ["<ARN of a user>"]}`.

    Return its ChannelArn. The creator is its first member and its moderator, and the members are told of it.

    Raises:
        InvalidFieldError: A field is missing, unknown or of the wrong kind, or names a user who does not exist.
    """
    if not isinstance(body, dict) or set(body) != _FIELDS:
        raise InvalidFieldError("body", 'has to be {"name": "…", "creator": "<ARN>", "members": ["<ARN>"]}')
    name, creator, members = body["name"], body["creator"], body["members"]
    if not isinstance(name, str) or not name.strip():
        raise InvalidFieldError("name", "has to be a text")
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise InvalidFieldError("members", "has to be a list of the ARNs of users")
    user = _USER.fullmatch(creator) if isinstance(creator, str) else None
    if user is None:
        raise InvalidFieldError("creator", "has to be the ARN of a user")
    parameters = {"AppInstanceArn": user[1], "Name": name, "ChimeBearer": creator, "MemberArns": members}
    token = {"ClientRequestToken": str(uuid4())}
    try:
        return {"ChannelArn": _backend(user[2]).channels.create(parameters | token)}
    except ServiceException as error:
        raise InvalidFieldError("creator", "and members have to be users of one AppInstance") from error


def _backend(region: str) -> ChimeSDKMessagingBackend:
    # By its name in moto, because the same module imported from `local.chime` would have a state of its own.
    account: Any = get_backend(cast("Any", "chimesdkmessaging"))[ACCOUNT]
    try:
        return cast("ChimeSDKMessagingBackend", account[region])
    except KeyError as error:
        raise InvalidFieldError("creator", f"is of {region}, where there is no messaging") from error
