"""Read the handler's environment variables. A wrong one is an error that says which it is, why, and what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from signin.environment import allowed_origins, app_instance_arn, boolean, items, matching, revoked_users, whole_number
from signin.errors import SettingsError
from signin.guests import DEFAULT_DAYS, MOST_DAYS
from signin.revocation import MAX_AGE_SECONDS
from signin.sessions import MAX_SECONDS, MIN_SECONDS, SessionSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", re.ASCII)
ROLE_HINT = "arn:aws:iam::ACCOUNT:role/NAME"


class Settings(NamedTuple):
    """
    What the handler's environment variables say.

    `revoked_users` is the name of the parameter that holds the list of revoked users, or empty if there is no such
    list; `revoked_users_seconds` is how long a list that was read may be used. `guest_days` is how long Chime keeps a
    guest who does not come back.
    """

    app_instance_arn: str
    session_settings: SessionSettings
    source_identity: bool
    allowed_origins: frozenset[str]
    revoked_users: str = ""
    revoked_users_seconds: float = MAX_AGE_SECONDS
    guest_days: int = DEFAULT_DAYS

    @property
    def region(self) -> str:
        """The AppInstance's region, which is part of its ARN."""
        return self.app_instance_arn.split(":")[3]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """
        Read the variables that docs/settings.md lists from *environ*.

        Raises:
            SettingsError: One of them is missing or wrong.
        """
        parameter, seconds = revoked_users(environ)
        return cls(
            app_instance_arn=app_instance_arn(environ),
            session_settings=SessionSettings(
                role_arn=matching(environ, "USER_ROLE_ARN", ROLE_ARN, ROLE_HINT),
                seconds=whole_number(environ, "SESSION_SECONDS", MIN_SECONDS, MAX_SECONDS, default=MAX_SECONDS),
                other_role_arns=_other_role_arns(items(environ, "USER_ROLE_ARNS")),
                ends_with_token=boolean(environ, "SESSION_ENDS_WITH_TOKEN"),
                guest_role_arn=matching(environ, "GUEST_ROLE_ARN", ROLE_ARN, f"{ROLE_HINT}, or nothing", optional=True),
            ),
            source_identity=boolean(environ, "SOURCE_IDENTITY"),
            allowed_origins=allowed_origins(environ),
            revoked_users=parameter,
            revoked_users_seconds=seconds,
            guest_days=whole_number(environ, "GUEST_DAYS", 1, MOST_DAYS, default=DEFAULT_DAYS),
        )


def _other_role_arns(arns: list[str]) -> dict[str, str]:
    """Return the ARNs by the roles' names. A role's name is what follows the last slash of its ARN."""
    wrong = [arn for arn in arns if not ROLE_ARN.fullmatch(arn)]
    if wrong:
        raise SettingsError(
            f"USER_ROLE_ARNS has {wrong[0]}, which is no role's ARN. Write arn:aws:iam::ACCOUNT:role/NAME; "
            "several are separated by commas."
        )
    names = [arn.rpartition("/")[2] for arn in arns]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        # Fail closed: a token's claim has a name only, which does not say which of the two roles it means.
        raise SettingsError(
            f"USER_ROLE_ARNS has {twice[0]} twice. Name each role once, and give no two of them one name."
        )
    return dict(zip(names, arns, strict=True))
