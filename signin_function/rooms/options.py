"""MeetingOptions: what the meetings of rooms are like, as one JSON object."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from rooms.capabilities import Features
from rooms.openings import AT_ONCE, SECONDS, OpeningLimit
from signin.errors import SettingsError

VARIABLE = "MEETING_OPTIONS"
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[1-9]", re.ASCII)
MOST = 250
MOST_IN_HIGH_RESOLUTION = 25
"""Chime's limits of attendees. Source: https://docs.aws.amazon.com/chime-sdk/latest/dg/meetings-sdk.html"""
NETWORKS = {"ipv4": "Ipv4Only", "dual": "DualStack"}


class MeetingOptions(NamedTuple):
    """
    What MeetingOptions says.

    `media_region` is where audio and video are mixed and forwarded, or "" for the AppInstance's region; `network_type`
    is MediaPlacementNetworkType's value.
    """

    media_region: str = ""
    network_type: str = NETWORKS["ipv4"]
    features: Features = Features()
    opening_limit: OpeningLimit = OpeningLimit()


def meeting_options(text: str) -> MeetingOptions:
    """
    Read the JSON object *text*; an empty text has no option. docs/settings.md lists the options.

    Raises:
        SettingsError: It is no JSON object, or an option is unknown or wrong.
    """
    given = _Given(_json_object(text))
    video = given.one_of("video", {"none": "None", "hd": "HD", "fhd": "FHD"}, "hd")
    content = given.one_of("content", {"none": "None", "fhd": "FHD", "uhd": "UHD"}, "fhd")
    most = MOST_IN_HIGH_RESOLUTION if video == "FHD" or content == "UHD" else MOST
    options = MeetingOptions(
        media_region=given.text("media_region", REGION, "an AWS region, as eu-west-1"),
        network_type=given.one_of("network_type", NETWORKS, "ipv4"),
        features=Features(video, content, given.whole_number("max_attendees", 1, most, most)),
        opening_limit=OpeningLimit(
            given.whole_number("openings", 1, 100, AT_ONCE), given.whole_number("openings_seconds", 1, 3600, SECONDS)
        ),
    )
    given.refuse_others()
    return options


def _json_object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise _wrong("is no JSON", 'an object, as {"media_region": "eu-west-1"}, or nothing') from error
    if not isinstance(given, dict):
        raise _wrong("is no JSON object", 'one, as {"media_region": "eu-west-1"}, or nothing')
    return given


def _wrong(what: str, hint: str) -> SettingsError:
    return SettingsError(f"{VARIABLE} {what}. Write {hint}.")


class _Given:
    """The options that were given. Each that is read is known."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._known: list[str] = []

    def one_of(self, name: str, meanings: dict[str, str], default: str) -> str:
        value = self._value(name, default)
        if not isinstance(value, str) or value not in meanings:
            raise _wrong(f"has a wrong {name}", f"one of {', '.join(meanings)}")
        return meanings[value]

    def text(self, name: str, pattern: re.Pattern[str], hint: str) -> str:
        value = self._value(name, "")
        if value != "" and not (isinstance(value, str) and pattern.fullmatch(value)):
            raise _wrong(f"has a wrong {name}", hint)
        return str(value)

    def whole_number(self, name: str, least: int, most: int, default: int) -> int:
        value = self._value(name, default)
        if type(value) is not int or not least <= value <= most:
            raise _wrong(f"has a wrong {name}", f"a whole number from {least} to {most}")
        return value

    def refuse_others(self) -> None:
        others = [name for name in self._given if name not in self._known]
        if others:
            raise _wrong(f"has {others[0]!r}, which is no option", f"only {', '.join(self._known)}")

    def _value(self, name: str, default: object) -> object:
        self._known.append(name)
        return self._given.get(name, default)
