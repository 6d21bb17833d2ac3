"""
Read environment variables, for the settings of every function behind the authorizer.

A wrong value raises `SettingsError`, whose text says which variable it is, why, and what to write instead.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from signin.errors import SettingsError
from signin.origins import serialized
from signin.revocation import MAX_AGE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

APP_INSTANCE_ARN = re.compile(r"arn:aws:chime:(us-east-1|eu-central-1):[0-9]{12}:app-instance/[A-Za-z0-9-]{1,64}")
PARAMETER = re.compile(r"/?[\w.-]+(/[\w.-]+)*", re.ASCII)
WHOLE_NUMBER = re.compile("[0-9]{1,9}")
LOG_LEVELS = {"DEBUG": logging.INFO, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
"""DEBUG means INFO, because at DEBUG botocore logs bodies and headers, with credentials and names."""


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


def matching(
    environ: Mapping[str, str], name: str, pattern: re.Pattern[str], hint: str, *, optional: bool = False
) -> str:
    """
    Return the variable *name*, which *pattern* describes and *hint* tells what to write for. *optional*: or "".

    Raises:
        SettingsError: It is missing, or the pattern does not match the whole of it.
    """
    text = environ.get(name, "")
    if (text or not optional) and not pattern.fullmatch(text):
        raise SettingsError(f"{name} is {'not what it should be' if text else 'missing'}. Write {hint}.")
    return text


def whole_number(environ: Mapping[str, str], name: str, least: int, most: int, *, default: int) -> int:
    """
    Return the number in the variable *name*, from *least* to *most*, or else *default*.

    Raises:
        SettingsError: It is no such number.
    """
    text = environ.get(name, str(default))
    if not WHOLE_NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise SettingsError(f"{name} is no whole number from {least} to {most}. Write one.")
    return int(text)


def boolean(environ: Mapping[str, str], name: str) -> bool:
    """
    Return whether the variable *name* is true; without it, False.

    Raises:
        SettingsError: It is neither true nor false.
    """
    text = environ.get(name, "false")
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is neither true nor false. Write one of them.")
    return text == "true"


def items(environ: Mapping[str, str], name: str) -> list[str]:
    """Return the items of the list in the variable *name*, in which commas separate them."""
    return [item.strip() for item in environ.get(name, "").split(",") if item.strip()]


def allowed_origins(environ: Mapping[str, str]) -> frozenset[str]:
    """
    Return the web origins in ALLOWED_ORIGINS, as browsers write them.

    Raises:
        SettingsError: One of them is no origin.
    """
    return frozenset(map(_origin, items(environ, "ALLOWED_ORIGINS")))


def app_instance_arn(environ: Mapping[str, str]) -> str:
    """
    Return CHIME_APP_INSTANCE_ARN.

    Raises:
        SettingsError: It is missing, or no AppInstance's ARN.
    """
    hint = "arn:aws:chime:REGION:ACCOUNT:app-instance/ID, in us-east-1 or eu-central-1"
    return matching(environ, "CHIME_APP_INSTANCE_ARN", APP_INSTANCE_ARN, hint)


def revoked_users(environ: Mapping[str, str]) -> tuple[str, int]:
    """
    Return the name of the parameter that holds the list of revoked users, or "", and how long it may be cached.

    Raises:
        SettingsError: It is no parameter's name, or no number of seconds.
    """
    hint = "a parameter's name, as /stack/revoked-users, or nothing"
    name = matching(environ, "REVOKED_USERS_PARAMETER", PARAMETER, hint, optional=True)
    # No more than MAX_AGE_SECONDS, because `make revoke` waits until no older list can be in use.
    return name, whole_number(environ, "REVOKED_USERS_SECONDS", 0, MAX_AGE_SECONDS, default=MAX_AGE_SECONDS)


def _origin(text: str) -> str:
    try:
        return serialized(text)
    except ValueError as error:
        raise SettingsError(
            f"ALLOWED_ORIGINS has {text}, which is no origin. Write scheme, host and port, without a path or a closing "
            "slash: https://app.example.com, capacitor://localhost. List each origin by itself: patterns are not "
            "supported, and null and file:// are what every page without an origin sends."
        ) from error
