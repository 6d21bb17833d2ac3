"""Whether users' programs reach the service at its address, over TLS, and whether it is this service that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok
from operations.doctor.outside.service import reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Outside


@check("address", "outside", "Whether the address leads to this service: its name, TLS, stage, path, and no WAF.")
def _address(outside: Outside) -> Iterator[Finding]:
    answer = reached(outside, "POST")
    yield answer if isinstance(answer, Finding) else ok(f"{outside.url} is reached")
