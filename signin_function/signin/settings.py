"""Read the handler's environment variables, or say which one is wrong, why, and what to write."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signin.errors import SigninSettingsError
from signin.origins import serialized
from signin.revocation import REMEMBERED_SECONDS
from signin.sessions import LONGEST, SHORTEST, SessionPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", re.ASCII)
APP_INSTANCE_ARN = re.compile(r"arn:aws:chime:(us-east-1|eu-central-1):[0-9]{12}:app-instance/[A-Za-z0-9-]{1,64}")
REMEMBERED = re.compile(r"[0-9]|[12][0-9]|30")
PARAMETER = re.compile(r"/?[\w.-]+(/[\w.-]+)*", re.ASCII)

LOG_LEVELS = {"DEBUG": logging.INFO, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
"""Nothing is logged at DEBUG, where botocore writes bodies and headers: who says so all the same gets INFO."""


@dataclass(frozen=True, slots=True)
class SigninSettings:
    """What the handler's environment variables say. `revoked_users` is a parameter's name, or empty."""

    app_instance_arn: str
    session_policy: SessionPolicy
    source_identity: bool
    allowed_origins: frozenset[str]
    revoked_users: str = ""
    revoked_users_seconds: float = REMEMBERED_SECONDS

    @property
    def region(self) -> str:
        """The AppInstance's region, which its ARN names."""
        return self.app_instance_arn.split(":")[3]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> SigninSettings:
        """
        Read the variables that README lists from *environ*.

        Raises:
            SigninSettingsError: One of them is missing or wrong.
        """
        return cls(
            app_instance_arn=_matching(
                environ,
                "CHIME_APP_INSTANCE_ARN",
                APP_INSTANCE_ARN,
                "arn:aws:chime:REGION:ACCOUNT:app-instance/ID, in us-east-1 or eu-central-1",
            ),
            session_policy=SessionPolicy(
                role_arn=_matching(environ, "USER_ROLE_ARN", ROLE_ARN, "arn:aws:iam::ACCOUNT:role/NAME"),
                seconds=_seconds(environ.get("SESSION_SECONDS", str(LONGEST))),
                other_role_arns=_other_role_arns(environ.get("USER_ROLE_ARNS", "")),
                ends_with_token=_boolean(environ, "SESSION_ENDS_WITH_TOKEN"),
            ),
            source_identity=_boolean(environ, "SOURCE_IDENTITY"),
            allowed_origins=_origins(environ.get("ALLOWED_ORIGINS", "")),
            revoked_users=_parameter(environ.get("REVOKED_USERS_PARAMETER", "")),
            revoked_users_seconds=_remembered(environ.get("REVOKED_USERS_SECONDS", "")),
        )


def log_level(environ: Mapping[str, str]) -> int:
    """
    Return the least level to log at, of `logging`'s. DEBUG is INFO.

    Raises:
        SigninSettingsError: There is no such level.
    """
    text = environ.get("POWERTOOLS_LOG_LEVEL", "INFO")
    if text not in LOG_LEVELS:
        raise SigninSettingsError(f"POWERTOOLS_LOG_LEVEL is none of {', '.join(LOG_LEVELS)}. Write one of them.")
    return LOG_LEVELS[text]


def _matching(environ: Mapping[str, str], name: str, pattern: re.Pattern[str], hint: str) -> str:
    value = environ.get(name, "")
    if not pattern.fullmatch(value):
        raise SigninSettingsError(f"{name} is {'not what it should be' if value else 'missing'}. Write {hint}.")
    return value


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not SHORTEST <= int(text) <= LONGEST:
        raise SigninSettingsError(f"SESSION_SECONDS is no whole number from {SHORTEST} to {LONGEST}. Write one.")
    return int(text)


def _parameter(name: str) -> str:
    if name and not PARAMETER.fullmatch(name):
        raise SigninSettingsError(
            "REVOKED_USERS_PARAMETER is no parameter's name. Write one, or nothing: /stack/revoked-users."
        )
    return name


def _remembered(text: str) -> float:
    if text and not REMEMBERED.fullmatch(text):
        # No longer: `make revoke` waits for so long, and then relies on it.
        raise SigninSettingsError("REVOKED_USERS_SECONDS is no whole number from 0 to 30. Write one.")
    return float(text or REMEMBERED_SECONDS)


def _boolean(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "false")
    if text not in ("true", "false"):
        raise SigninSettingsError(f"{name} is neither true nor false. Write one of them.")
    return text == "true"


def _other_role_arns(text: str) -> dict[str, str]:
    """Return the ARNs by the roles' names, which are what stands behind the last slash."""
    arns = [arn.strip() for arn in text.split(",") if arn.strip()]
    wrong = [arn for arn in arns if not ROLE_ARN.fullmatch(arn)]
    if wrong:
        raise SigninSettingsError(
            f"USER_ROLE_ARNS has {wrong[0]}, which is no role's ARN. Write arn:aws:iam::ACCOUNT:role/NAME; "
            "several are separated by commas."
        )
    names = [arn.rpartition("/")[2] for arn in arns]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        # Fail closed: nothing says which of them a token's claim means.
        raise SigninSettingsError(
            f"USER_ROLE_ARNS has {twice[0]} twice. Name each role once, and give no two of them one name."
        )
    return dict(zip(names, arns, strict=True))


def _origins(text: str) -> frozenset[str]:
    return frozenset(_origin(origin.strip()) for origin in text.split(",") if origin.strip())


def _origin(text: str) -> str:
    try:
        return serialized(text)
    except ValueError as error:
        raise SigninSettingsError(
            f"ALLOWED_ORIGINS has {text}, which is no origin. Write scheme, host and port, without a path or a closing "
            "slash: https://app.example.com, capacitor://localhost. List each by itself: a pattern is none, and null "
            "and file:// are what every page without an origin says."
        ) from error
