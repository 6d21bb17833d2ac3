"""Whether the clocks agree of the service, of each issuer, and of this machine."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.doctor.outside.calls import Answer, UnreachableError, call
from operations.doctor.outside.configured import configured
from operations.doctor.outside.service import asked
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Outside

FORGIVEN = 30.0
"""In seconds; half of what the authorizer forgives by default, so that it is seen before tokens are refused."""


@check("clock", "outside", "Whether the clocks of the service, of each issuer and of this machine agree, by `Date`.")
def _clock(outside: Outside) -> Iterator[Finding]:
    answer = asked(outside, "POST")
    service = None if isinstance(answer, Finding) else _ahead(outside, answer)
    if service is None:
        yield unknown("the service does not say what time it is; see address")
        return
    if abs(service) > FORGIVEN:
        yield wrong(
            f"this machine is {_said(-service)} the service",
            wanted=f"{FORGIVEN:g} s at most",
            mend="Set this machine's clock by NTP: AWS refuses what is signed five minutes off.",
        )
    else:
        yield ok("this machine and the service agree")
    for name, address in _issuers(outside):
        issuer = _issuer_ahead(outside, address)
        if issuer is not None and abs(issuer - service) > FORGIVEN:
            yield wrong(
                f"the issuer of {name} is {_said(issuer - service)} the service",
                wanted=f"{FORGIVEN:g} s at most, or its tokens are not valid yet, or expired",
                mend="Set the issuer's clock by NTP. clock_skew_seconds in Providers forgives 300 s at most.",
            )


def _issuers(outside: Outside) -> list[tuple[str, str]]:
    try:
        found = configured(outside)
    except OperationError:
        return []  # the check of settings says so
    addresses = {
        provider.name: found.discovery_address(provider) or found.keys_address(provider)
        for provider in found.asymmetric()
    }
    return [(name, address) for name, address in addresses.items() if address]


def _issuer_ahead(outside: Outside, address: str) -> float | None:
    try:
        return _ahead(outside, call("GET", address, None, outside.call_seconds))
    except UnreachableError:
        return None  # the checks of discovery and keys say so


def _ahead(outside: Outside, answer: Answer) -> float | None:
    """Return how many seconds whoever gave *answer* is ahead of this machine; None if it does not say."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp() - outside.now()
    except ValueError:
        return None


def _said(ahead: float) -> str:
    return f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'}"
