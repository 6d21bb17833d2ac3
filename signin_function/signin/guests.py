"""
How long Chime keeps a guest.

Chime deletes a user some days after the user was created, within hours of that moment; nothing else moves it. So a
guest who comes back gets more days. A guest who was deleted is created anew, and one who has expired and is still there
counts as any other: Chime honours the new days.

Source: https://docs.aws.amazon.com/chime-sdk/latest/dg/expiration.html
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

DAY = 86_400.0
"""Seconds."""
MOST_DAYS = 5475
"""Chime's limit (https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_ExpirationSettings.html)."""
DEFAULT_DAYS = 30


class Expiration(NamedTuple):
    """
    When Chime deletes a user: `days` after `created`, which is in seconds since the epoch.

    `days` is 0 where Chime names no expiration.
    """

    created: float
    days: int

    @property
    def time(self) -> float:
        """The moment from which on Chime may delete the user, in seconds since the epoch."""
        return self.created + self.days * DAY


class Stay(NamedTuple):
    """A guest is to be kept for `days` from `now` on, which is in seconds since the epoch."""

    days: int
    now: float

    def extended(self, expiration: Expiration) -> int | None:
        """
        Return the days after their creation to which the guest's *expiration* is to be put, or None to leave it.

        It is left while more than half of the days are left, so that not every sign-in costs a call.
        """
        if expiration.time - self.now > self.days * DAY / 2:
            return None
        days = min(MOST_DAYS, math.ceil((self.now - expiration.created) / DAY) + self.days)
        return days if days > expiration.days else None

    def is_urgent(self, expiration: Expiration) -> bool:
        """
        Tell whether Chime may delete the guest within a day, so during the session.

        Chime deletes nobody without an expiration, so for them it is never urgent.
        """
        return expiration.days > 0 and expiration.time - self.now < DAY


def expiration_settings(days: int) -> dict[str, Any]:
    """Return Chime's ExpirationSettings for *days* after the creation, which is the one criterion that there is."""
    return {"ExpirationDays": days, "ExpirationCriterion": "CREATED_TIMESTAMP"}
