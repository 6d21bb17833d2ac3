"""Good settings of rooms, then one change at a time: each says which, and what to write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rooms.capabilities import Features
from rooms.openings import OpeningLimit
from rooms.options import MeetingOptions, meeting_options
from rooms.settings import Settings
from signin.errors import SettingsError

GOOD = {
    "CHIME_APP_INSTANCE_ARN": "arn:aws:chime:eu-central-1:123456789012:app-instance/8a6ac6dc",
    "MEETINGS": "open",
    "ROOMS_TABLE": "stack-RoomsTable-1ABC",
    "STACK_ID": "arn:aws:cloudformation:eu-west-1:123456789012:stack/stack/5e2a",
}


def test_four_variables_are_enough() -> None:
    settings = Settings.from_environ(GOOD)

    assert (settings.region, settings.hosted, settings.table) == ("eu-central-1", False, "stack-RoomsTable-1ABC")
    assert settings.meeting_settings.media_region == "eu-central-1"
    assert settings.meeting_settings.network_type == "Ipv4Only"
    assert settings.meeting_settings.features == Features("HD", "FHD", 250)
    assert settings.opening_limit == OpeningLimit(5, 300)
    assert settings.allowed_origins == frozenset()
    assert (settings.revoked_users, settings.revoked_users_seconds) == ("", 30)


def test_hosted_is_read() -> None:
    assert Settings.from_environ(GOOD | {"MEETINGS": "hosted"}).hosted


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"MEETINGS": ""}, "MEETINGS is neither open nor hosted. Write one", id="no kind"),
        pytest.param({"MEETINGS": "none"}, "MEETINGS is neither open nor hosted", id="no meetings"),
        pytest.param({"ROOMS_TABLE": ""}, "ROOMS_TABLE is missing. Write the name", id="no table"),
        pytest.param({"STACK_ID": ""}, "STACK_ID is missing. Write the stack's id.", id="no stack"),
        pytest.param({"CHIME_APP_INSTANCE_ARN": "x"}, "CHIME_APP_INSTANCE_ARN is not what it should be", id="no ARN"),
        pytest.param({"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS has \\*, which is no origin", id="no origin"),
        pytest.param({"REVOKED_USERS_SECONDS": "31"}, "REVOKED_USERS_SECONDS is no whole number", id="cached long"),
    ],
)
def test_wrong_variable_is_named_with_what_to_write(changes: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        Settings.from_environ(GOOD | changes)


def options(**given: Any) -> MeetingOptions:
    return meeting_options(json.dumps(given))


def test_options_are_read() -> None:
    given = options(
        media_region="eu-west-1",
        network_type="dual",
        video="fhd",
        content="none",
        max_attendees=10,
        openings=1,
        openings_seconds=60,
    )

    assert given == MeetingOptions("eu-west-1", "DualStack", Features("FHD", "None", 10), OpeningLimit(1, 60))


@pytest.mark.parametrize(
    ("given", "most"),
    [({"video": "fhd"}, 25), ({"content": "uhd"}, 25), ({"content": "fhd"}, 250), ({"video": "none"}, 250)],
)
def test_high_resolutions_mean_25_attendees(given: dict[str, str], most: int) -> None:
    assert options(**given).features.attendees == most
    with pytest.raises(SettingsError, match=f"max_attendees. Write a whole number from 1 to {most}"):
        options(**given, max_attendees=most + 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "is no JSON. Write an object", id="no JSON"),
        pytest.param("[" * 99_999, "is no JSON. Write an object", id="lists within lists"),
        pytest.param("[]", "is no JSON object. Write one", id="a list"),
        pytest.param('{"colour": "red"}', "has 'colour', which is no option. Write only video, content,", id="unknown"),
        pytest.param('{"media_region": "Ireland"}', "has a wrong media_region. Write an AWS region", id="a country"),
        pytest.param('{"media_region": 7}', "has a wrong media_region", id="a number for a region"),
        pytest.param('{"video": "8k"}', "has a wrong video. Write one of none, hd, fhd", id="a resolution"),
        pytest.param('{"video": ["hd"]}', "has a wrong video", id="a list of resolutions"),
        pytest.param('{"network_type": "Ipv4Only"}', "has a wrong network_type. Write one of ipv4, dual", id="network"),
        pytest.param('{"max_attendees": 0}', "has a wrong max_attendees", id="nobody"),
        pytest.param('{"max_attendees": true}', "has a wrong max_attendees", id="true"),
        pytest.param('{"openings": "5"}', "has a wrong openings. Write a whole number from 1 to 100", id="a text"),
    ],
)
def test_wrong_option_is_named_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"^MEETING_OPTIONS {said}"):
        meeting_options(text)
