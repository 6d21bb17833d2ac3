"""Read the handler's environment variables, or say which one is wrong, why, and what to write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signin.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
APP_INSTANCE_ARN = re.compile(r"arn:aws:chime:(us-east-1|eu-central-1):[0-9]{12}:app-instance/[A-Za-z0-9-]{1,64}")
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
SHORTEST_SESSION = 900
LONGEST_SESSION = 3600
"""In seconds: a function's role that assumes another is role chaining, and that ends after an hour."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the handler's environment variables say."""

    user_role_arn: str
    app_instance_arn: str
    session_seconds: int
    allowed_origins: frozenset[str]

    @property
    def region(self) -> str:
        """The AppInstance's region, which its ARN names."""
        return self.app_instance_arn.split(":")[3]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """
        Read USER_ROLE_ARN, CHIME_APP_INSTANCE_ARN, SESSION_SECONDS and ALLOWED_ORIGINS from *environ*.

        Raises:
            SettingsError: One of them is missing or wrong.
        """
        return cls(
            user_role_arn=_matching(environ, "USER_ROLE_ARN", ROLE_ARN, "arn:aws:iam::ACCOUNT:role/NAME"),
            app_instance_arn=_matching(
                environ,
                "CHIME_APP_INSTANCE_ARN",
                APP_INSTANCE_ARN,
                "arn:aws:chime:REGION:ACCOUNT:app-instance/ID, in us-east-1 or eu-central-1",
            ),
            session_seconds=_seconds(environ.get("SESSION_SECONDS", str(LONGEST_SESSION))),
            allowed_origins=_origins(environ.get("ALLOWED_ORIGINS", "")),
        )


def _matching(environ: Mapping[str, str], name: str, pattern: re.Pattern[str], mend: str) -> str:
    value = environ.get(name, "")
    if not pattern.fullmatch(value):
        raise SettingsError(f"{name} is {'not what it should be' if value else 'missing'}. Write {mend}.")
    return value


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not SHORTEST_SESSION <= int(text) <= LONGEST_SESSION:
        raise SettingsError(
            f"SESSION_SECONDS is no whole number from {SHORTEST_SESSION} to {LONGEST_SESSION}. Write one."
        )
    return int(text)


def _origins(text: str) -> frozenset[str]:
    origins = [origin.strip() for origin in text.split(",") if origin.strip()]
    wrong = [origin for origin in origins if not ORIGIN.fullmatch(origin)]
    if wrong:
        raise SettingsError(
            f"ALLOWED_ORIGINS has {wrong[0]}, which is no origin. "
            "Write scheme, host and port, without a path or a closing slash: https://app.example.com"
        )
    return frozenset(origin.lower() for origin in origins)
