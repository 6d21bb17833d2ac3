"""How often one caller has opened rooms of late, so that nobody uses up the meetings that the account may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rooms.errors import TooManyOpenings

if TYPE_CHECKING:
    from collections.abc import Mapping

AT_ONCE = 5
SECONDS = 300


class OpeningLimit(NamedTuple):
    """A caller opens at most `most` rooms within `seconds`."""

    most: int = AT_ONCE
    seconds: int = SECONDS

    def added(self, openings: Mapping[str, float], opening: str, now: float) -> dict[str, float]:
        """
        Return the *openings* that count at *now*, with *opening* among them.

        Both are what was opened, and the times are in seconds since the epoch. The same opening counts once, so that
        many devices of one person that enter a new room together have opened one room.

        Raises:
            TooManyOpenings: They would be too many. It says after how many seconds they are not.
        """
        # A time may be a little ahead: another copy wrote it by its own clock, or this one was set back. A time that is
        # far ahead does not count, or its caller could open nothing until then.
        recent = {what: at for what, at in openings.items() if abs(now - at) < self.seconds}
        if opening in recent:
            return recent
        if len(recent) >= self.most:
            wait = min(recent.values()) + self.seconds - now
            raise TooManyOpenings("too_many_openings", max(1, round(wait + 0.5)))
        return {**recent, opening: now}
