"""Read the handler's environment variables. A wrong one is an error that says which it is, why, and what to write."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signin.errors import SettingsError
from signin.origins import serialized
from signin.revocation import MAX_AGE_SECONDS
from signin.sessions import MAX_SECONDS, MIN_SECONDS, SessionSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", re.ASCII)
APP_INSTANCE_ARN = re.compile(r"arn:aws:chime:(us-east-1|eu-central-1):[0-9]{12}:app-instance/[A-Za-z0-9-]{1,64}")
PARAMETER = re.compile(r"/?[\w.-]+(/[\w.-]+)*", re.ASCII)
WHOLE_NUMBER = re.compile("[0-9]{1,9}")

LOG_LEVELS = {"DEBUG": logging.INFO, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
"""DEBUG means INFO, because at DEBUG botocore logs bodies and headers, with credentials and names."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the handler's environment variables say.

    `revoked_users` is the name of the parameter that holds the list of revoked users, or empty if there is no such
    list; `revoked_users_seconds` is how long a list that was read may be used.
    """

    app_instance_arn: str
    session_settings: SessionSettings
    source_identity: bool
    allowed_origins: frozenset[str]
    revoked_users: str = ""
    revoked_users_seconds: float = MAX_AGE_SECONDS

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
        return cls(
            app_instance_arn=_matching(
                environ,
                "CHIME_APP_INSTANCE_ARN",
                APP_INSTANCE_ARN,
                "arn:aws:chime:REGION:ACCOUNT:app-instance/ID, in us-east-1 or eu-central-1",
            ),
            session_settings=SessionSettings(
                role_arn=_matching(environ, "USER_ROLE_ARN", ROLE_ARN, "arn:aws:iam::ACCOUNT:role/NAME"),
                seconds=_whole_number(environ, "SESSION_SECONDS", MIN_SECONDS, MAX_SECONDS, default=MAX_SECONDS),
                other_role_arns=_other_role_arns(_items(environ, "USER_ROLE_ARNS")),
                ends_with_token=_boolean(environ, "SESSION_ENDS_WITH_TOKEN"),
            ),
            source_identity=_boolean(environ, "SOURCE_IDENTITY"),
            allowed_origins=frozenset(map(_origin, _items(environ, "ALLOWED_ORIGINS"))),
            revoked_users=_matching(
                environ,
                "REVOKED_USERS_PARAMETER",
                PARAMETER,
                "a parameter's name, as /stack/revoked-users, or nothing",
                optional=True,
            ),
            # No more than MAX_AGE_SECONDS, because `make revoke` waits until no older list can be in use.
            revoked_users_seconds=_whole_number(
                environ, "REVOKED_USERS_SECONDS", 0, MAX_AGE_SECONDS, default=MAX_AGE_SECONDS
            ),
        )


def log_level(environ: Mapping[str, str]) -> int:
    """
    Return the lowest level of `logging` to log at. DEBUG gives INFO.

    Raises:
        SettingsError: There is no such level.
    """
    text = environ.get("POWERTOOLS_LOG_LEVEL", "INFO")
    if text not in LOG_LEVELS:
        raise SettingsError(f"POWERTOOLS_LOG_LEVEL is none of {', '.join(LOG_LEVELS)}. Write one of them.")
    return LOG_LEVELS[text]


def _matching(
    environ: Mapping[str, str], name: str, pattern: re.Pattern[str], hint: str, *, optional: bool = False
) -> str:
    text = environ.get(name, "")
    if (text or not optional) and not pattern.fullmatch(text):
        raise SettingsError(f"{name} is {'not what it should be' if text else 'missing'}. Write {hint}.")
    return text


def _whole_number(environ: Mapping[str, str], name: str, least: int, most: int, *, default: int) -> int:
    text = environ.get(name, str(default))
    if not WHOLE_NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise SettingsError(f"{name} is no whole number from {least} to {most}. Write one.")
    return int(text)


def _boolean(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "false")
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is neither true nor false. Write one of them.")
    return text == "true"


def _items(environ: Mapping[str, str], name: str) -> list[str]:
    """Return the items of a list that is separated by commas."""
    return [item.strip() for item in environ.get(name, "").split(",") if item.strip()]


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


def _origin(text: str) -> str:
    try:
        return serialized(text)
    except ValueError as error:
        raise SettingsError(
            f"ALLOWED_ORIGINS has {text}, which is no origin. Write scheme, host and port, without a path or a closing "
            "slash: https://app.example.com, capacitor://localhost. List each origin by itself: patterns are not "
            "supported, and null and file:// are what every page without an origin sends."
        ) from error
