"""Read the environment variables of rooms. A wrong one is an error that says which it is, why, and what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rooms.meetings import MeetingSettings
from rooms.options import meeting_options
from signin.environment import allowed_origins, app_instance_arn, boolean, matching, revoked_users
from signin.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rooms.openings import OpeningLimit

TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
STACK = re.compile(r"\S{1,1024}", re.ASCII)


class Settings(NamedTuple):
    """
    What the environment variables say.

    `region` is where meetings are controlled, and `meeting_settings` says what they are like. With `hosted` only hosts
    open rooms; without `guests` no guest enters one. `stack` is the stack's id. `revoked_users` and
    `revoked_users_seconds` are as for the sign-in.
    """

    region: str
    hosted: bool
    guests: bool
    table: str
    stack: str
    meeting_settings: MeetingSettings
    opening_limit: OpeningLimit
    allowed_origins: frozenset[str]
    revoked_users: str
    revoked_users_seconds: float

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """
        Read the variables that docs/settings.md lists from *environ*.

        Raises:
            SettingsError: One of them is missing or wrong.
        """
        region = app_instance_arn(environ).split(":")[3]
        options = meeting_options(environ.get("MEETING_OPTIONS", ""))
        parameter, seconds = revoked_users(environ)
        return cls(
            region=region,
            hosted=_hosted(environ),
            guests=boolean(environ, "GUESTS"),
            table=matching(environ, "ROOMS_TABLE", TABLE, "the name of the DynamoDB table"),
            stack=matching(environ, "STACK_ID", STACK, "the stack's id"),
            meeting_settings=MeetingSettings(options.media_region or region, options.features, options.network_type),
            opening_limit=options.opening_limit,
            allowed_origins=allowed_origins(environ),
            revoked_users=parameter,
            revoked_users_seconds=seconds,
        )


def _hosted(environ: Mapping[str, str]) -> bool:
    meetings = environ.get("MEETINGS", "")
    if meetings not in ("open", "hosted"):
        raise SettingsError("MEETINGS is neither open nor hosted. Write one of them.")
    return meetings == "hosted"
