"""Wait for what another thread or process does, however busy the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60.0


def until(is_so: Callable[[], bool]) -> None:
    """
    Return as soon as it is so.

    Raises:
        AssertionError: It was not so within a minute.
    """
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "It has not come."
        time.sleep(0.01)
