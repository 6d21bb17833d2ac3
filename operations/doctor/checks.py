"""What a check is: a function with a name, a place to look from, and a sentence of what it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from operations.doctor.finding import Finding

Place = Literal["outside", "inside"]
CHECKS: dict[str, Check] = {}
"""All checks by their names, in the order in which their modules are loaded; `doctor.all_checks` loads them."""


@dataclass(frozen=True)
class Check:
    """A check. *looks_at* is a sentence for people; *look* is given an `Outside` or an `Inside`, after *place*."""

    name: str
    place: Place
    looks_at: str
    look: Callable[[Any], Iterator[Finding]]


def check(name: str, place: Place, looks_at: str) -> Callable[[Callable[..., Iterator[Finding]]], Check]:
    """Make the function below a check, and one of `CHECKS`. Names are short, in small letters, and differ."""

    def registered(look: Callable[..., Iterator[Finding]]) -> Check:
        if name in CHECKS:
            raise ValueError(f"there are two checks named {name}")
        CHECKS[name] = Check(name, place, looks_at, look)
        return CHECKS[name]

    return registered
