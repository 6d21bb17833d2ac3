"""From which level on anything is logged in this process. It is set before all else, since libraries log, too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from authorizer.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_LEVELS = {"DEBUG": logging.INFO, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
"""DEBUG counts as INFO, because botocore writes bodies and headers at DEBUG."""


def log_level(environ: Mapping[str, str]) -> int:
    """
    Return the lowest level that is logged, as `logging` numbers it.

    Raises:
        SettingsError: There is no such level.
    """
    text = environ.get("POWERTOOLS_LOG_LEVEL", "INFO")
    if text not in LOG_LEVELS:
        raise SettingsError(f"POWERTOOLS_LOG_LEVEL is none of {', '.join(LOG_LEVELS)}. Write one of them.")
    return LOG_LEVELS[text]


def log_from(level: int) -> None:
    """
    Log nothing below *level* in this process, libraries included.

    Loggers' own levels are not enough: Powertools prefers Lambda's level. Lambda gives that to the root logger too, and
    so to botocore, which writes bodies and signed headers at DEBUG. Metrics are printed, not logged.
    """
    logging.disable(level - 1)
    # Its INFO is about itself: where each client found credentials and its endpoint, at each start.
    logging.getLogger("botocore").setLevel(logging.WARNING)
