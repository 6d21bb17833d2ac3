"""Move the clocks of the local AWS forward, so that nobody has to wait: what the requests for it have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from moto.backends import get_backend

from local.aws.faults import InvalidFieldError
from local.aws.identities import ACCOUNT

if TYPE_CHECKING:
    from local.chime.chimesdkidentity.models import ChimeSDKIdentityBackend

_MOST_SECONDS = 16 * 366 * 24 * 3600
"""More than the 5,475 days after which a user may expire."""


def advance_users_clock(body: object) -> None:
    """
    Let `{"advance_seconds": 86400}` go by for all users of AppInstances, and delete those whose time is over then.

    They are dated back, and no clock is moved: whoever compares a user's age with the time sees the same as after a
    wait.

    Raises:
        InvalidFieldError: A field is missing, unknown or of the wrong kind.
    """
    seconds = seconds_to_advance(body, _MOST_SECONDS)
    for backend in _backends():
        backend.date_users_back(seconds)


def seconds_to_advance(body: object, most: float) -> float:
    """
    Return what *body* says as `{"advance_seconds": 300}`: a number from 0 to *most*.

    Raises:
        InvalidFieldError: A field is missing, unknown or of the wrong kind.
    """
    if not isinstance(body, dict) or set(body) != {"advance_seconds"}:
        raise InvalidFieldError("body", 'has to be {"advance_seconds": <number>}')
    if not is_seconds(body["advance_seconds"], most):
        raise InvalidFieldError("advance_seconds", f"has to be a number from 0 to {most}")
    return float(body["advance_seconds"])


def is_seconds(value: object, most: float) -> bool:
    """Tell whether *value* is a number from 0 to *most*."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most


def _backends() -> list[ChimeSDKIdentityBackend]:
    # By its name in moto, because the same module imported from `local.chime` would have a state of its own.
    account: Any = get_backend(cast("Any", "chimesdkidentity"))[ACCOUNT]
    return [account[region] for region in account.regions]
