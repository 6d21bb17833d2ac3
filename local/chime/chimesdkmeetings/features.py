"""
Check the features of a meeting, and what its attendees are capable of under them.

Source: the documentation of MeetingFeatures and AttendeeCapabilities in botocore's model of the service.
"""

from __future__ import annotations

from typing import Any

from ..chimesdkidentity.exceptions import (  # noqa: TID252 - relative, because both are imported below `moto`
    BadRequestError,
)

Capabilities = dict[str, str]
"""`Audio`, `Video` and `Content`, each SendReceive, Send, Receive or None."""

MOST_ATTENDEES, MOST_ATTENDEES_IN_HIGH_RESOLUTION = 250, 25
"""
Without a MaxCount; the second one with FHD video or UHD content. That a larger MaxCount than 25 is then refused is
inferred.
"""

_RECEIVING = ("SendReceive", "Receive")


def check_features(features: dict[str, Any], *, requires_max_count: bool) -> None:
    """
    Return if a meeting can have these MeetingFeatures (see `behaviours` for *requires_max_count*).

    Raises:
        BadRequestError: The resolution needs a MaxCount, and it is missing or too large.
    """
    if not _is_high(features):
        return
    most = _stated_most(features)
    if (most is None and requires_max_count) or (most or 0) > MOST_ATTENDEES_IN_HIGH_RESOLUTION:
        raise BadRequestError(
            "FHD video and UHD content require MeetingFeatures.Attendee.MaxCount to be "
            f"{MOST_ATTENDEES_IN_HIGH_RESOLUTION} or less."
        )


def most_attendees(features: dict[str, Any]) -> int:
    """Return how many attendees a meeting with these MeetingFeatures can have."""
    default = MOST_ATTENDEES_IN_HIGH_RESOLUTION if _is_high(features) else MOST_ATTENDEES
    return _stated_most(features) or default


def resolution(features: dict[str, Any], medium: str) -> str:
    """Return the MaxResolution of *medium*, Video or Content."""
    stated: str | None = (features.get(medium) or {}).get("MaxResolution")
    return stated or {"Video": "HD", "Content": "FHD"}[medium]


def default_capabilities(features: dict[str, Any]) -> Capabilities:
    """
    Return the capabilities of an attendee who is created without any.

    The documentation says it for a meeting that has all, and for one with content and without video. For any other
    meeting it is inferred that the capability is None for what the meeting does not have.
    """
    video, content = (resolution(features, medium) != "None" for medium in ("Video", "Content"))
    without_video = "Receive" if content else "None"
    return {
        "Audio": "SendReceive",
        "Video": "SendReceive" if video else without_video,
        "Content": "SendReceive" if content else "None",
    }


def check_capabilities(capabilities: Capabilities, features: dict[str, Any]) -> None:
    """
    Return if an attendee of a meeting with these MeetingFeatures can have these capabilities.

    Raises:
        BadRequestError: The meeting does not have what they ask for, or they receive content without receiving video.
    """
    for medium in ("Video", "Content"):
        if capabilities[medium] != "None" and resolution(features, medium) == "None":
            raise BadRequestError(
                f"{medium} capability {capabilities[medium]} is not possible in a meeting whose "
                f"MeetingFeatures.{medium}.MaxResolution is None."
            )
    if capabilities["Content"] in _RECEIVING and capabilities["Video"] not in _RECEIVING:
        raise BadRequestError("Content can be SendReceive or Receive only if Video is SendReceive or Receive.")


def _is_high(features: dict[str, Any]) -> bool:
    return resolution(features, "Video") == "FHD" or resolution(features, "Content") == "UHD"


def _stated_most(features: dict[str, Any]) -> int | None:
    most: int | None = (features.get("Attendee") or {}).get("MaxCount")
    return most
