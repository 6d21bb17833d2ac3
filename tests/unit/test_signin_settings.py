"""Good settings, then one change at a time: each says which, and what to write."""

from __future__ import annotations

import logging

import pytest

from signin.environment import log_level
from signin.errors import SettingsError
from signin.settings import Settings

ROLES = "arn:aws:iam::123456789012:role"
GOOD = {
    "USER_ROLE_ARN": "arn:aws:iam::123456789012:role/stack-UserRole-1ABC",
    "CHIME_APP_INSTANCE_ARN": "arn:aws:chime:eu-central-1:123456789012:app-instance/8a6ac6dc-5d5b-4a9c-8d0b",
}


def test_two_arns_are_enough() -> None:
    settings = Settings.from_environ(GOOD)

    assert settings.session_settings.role_arn == GOOD["USER_ROLE_ARN"]
    assert settings.region == "eu-central-1"
    assert settings.session_settings.seconds == 3600
    assert settings.allowed_origins == frozenset()
    assert not settings.source_identity
    assert not settings.session_settings.ends_with_token
    assert settings.session_settings.other_role_arns == {}
    assert settings.revoked_users == ""
    assert settings.revoked_users_seconds == 30
    assert settings.session_settings.guest_role_arn == ""
    assert settings.guest_days == 30


@pytest.mark.parametrize("days", ["1", "5475"])
def test_guests_have_a_role_and_stay_for_days_that_chime_allows(days: str) -> None:
    settings = Settings.from_environ({**GOOD, "GUEST_ROLE_ARN": f"{ROLES}/stack-GuestRole-1", "GUEST_DAYS": days})

    assert settings.session_settings.guest_role_arn == f"{ROLES}/stack-GuestRole-1"
    assert settings.guest_days == int(days)


def test_switches_and_other_roles_are_read() -> None:
    moderator, owner = "arn:aws:iam::123456789012:role/Moderator", "arn:aws:iam::123456789012:role/staff/eu/owner"
    roles = {"USER_ROLE_ARNS": f"{moderator}, {owner},"}
    switched = {"SOURCE_IDENTITY": "true", "SESSION_ENDS_WITH_TOKEN": "true", **roles}

    settings = Settings.from_environ({**GOOD, **switched})

    assert settings.source_identity
    assert settings.session_settings.ends_with_token
    assert settings.session_settings.other_role_arns == {"Moderator": moderator, "owner": owner}


def test_list_of_revoked_users_is_a_parameter_that_is_cached_for_30_s_at_most() -> None:
    switched = {"REVOKED_USERS_PARAMETER": "/chime-signin/stack-1/revoked-users", "REVOKED_USERS_SECONDS": "0"}

    settings = Settings.from_environ({**GOOD, **switched})

    assert settings.revoked_users == "/chime-signin/stack-1/revoked-users"
    assert settings.revoked_users_seconds == 0


def test_origins_are_separated_by_commas() -> None:
    settings = Settings.from_environ({**GOOD, "ALLOWED_ORIGINS": "https://App.example, http://localhost:9000,"})

    assert settings.allowed_origins == {"https://app.example", "http://localhost:9000"}


@pytest.mark.parametrize("seconds", ["900", "3600"])
def test_session_may_last_from_a_quarter_to_an_hour(seconds: str) -> None:
    assert Settings.from_environ({**GOOD, "SESSION_SECONDS": seconds}).session_settings.seconds == int(seconds)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("USER_ROLE_ARN", "", "is missing. Write arn:aws:iam::ACCOUNT:role/NAME", id="no role"),
        pytest.param("USER_ROLE_ARN", "UserRole", "is not what it should be", id="a role's name"),
        pytest.param("GUEST_ROLE_ARN", "GuestRole", "NAME, or nothing", id="a guest role's name"),
        pytest.param("GUEST_DAYS", "0", "from 1 to 5475", id="guests who never stay"),
        pytest.param("GUEST_DAYS", "5476", "from 1 to 5475", id="guests who stay longer than Chime allows"),
        pytest.param("GUEST_DAYS", "30 days", "from 1 to 5475", id="days with a unit"),
        pytest.param("CHIME_APP_INSTANCE_ARN", "", "is missing. Write arn:aws:chime", id="no AppInstance"),
        pytest.param(
            "CHIME_APP_INSTANCE_ARN",
            "arn:aws:chime:eu-west-1:123456789012:app-instance/1",
            "us-east-1 or eu-central-1",
            id="a region without Chime SDK identity",
        ),
        pytest.param(
            "CHIME_APP_INSTANCE_ARN",
            "arn:aws:chime:us-east-1:123456789012:app-instance/1/user/ada",
            "is not what it should be",
            id="a user's ARN",
        ),
        pytest.param("SESSION_SECONDS", "899", "from 900 to 3600", id="a short session"),
        pytest.param("SESSION_SECONDS", "3601", "from 900 to 3600", id="a session longer than role chaining allows"),
        pytest.param("SESSION_SECONDS", "1h", "from 900 to 3600", id="a session in hours"),
        pytest.param("SESSION_SECONDS", "²000", "from 900 to 3600", id="a digit outside ASCII"),
        pytest.param("SESSION_SECONDS", "9" * 5000, "from 900 to 3600", id="more digits than Python reads"),
        pytest.param("SOURCE_IDENTITY", "yes", "is neither true nor false", id="a switch that is neither"),
        pytest.param("SESSION_ENDS_WITH_TOKEN", "1", "is neither true nor false", id="another"),
        pytest.param("USER_ROLE_ARNS", "Moderator", "has Moderator, which is no role's ARN", id="a role's name alone"),
        pytest.param("USER_ROLE_ARNS", '{"moderator": "x"}', "is no role's ARN", id="roles as JSON"),
        pytest.param(
            "USER_ROLE_ARNS", f"{ROLES}/Moderator {ROLES}/Owner", "separated by commas", id="roles with a blank"
        ),
        pytest.param("USER_ROLE_ARNS", f"{ROLES}/staff/", "is no role's ARN", id="a path without a role"),
        pytest.param("USER_ROLE_ARNS", f"{ROLES}/a/Owner,{ROLES}/b/Owner", "has Owner twice", id="one name, two paths"),
        pytest.param("USER_ROLE_ARNS", f"{ROLES}/Owner,{ROLES}/Owner", "has Owner twice", id="one role twice"),
        pytest.param(
            "REVOKED_USERS_PARAMETER",
            "a b",
            "is not what it should be. Write a parameter's name",
            id="a list with a space",
        ),
        pytest.param("REVOKED_USERS_PARAMETER", "/a/b:1", "Write a parameter's name", id="a version of a list"),
        pytest.param("REVOKED_USERS_SECONDS", "31", "from 0 to 30", id="a list cached for too long"),
        pytest.param("REVOKED_USERS_SECONDS", "-1", "from 0 to 30", id="a list cached for less than no time"),
        pytest.param("ALLOWED_ORIGINS", "*", "has \\*, which is no origin", id="any origin"),
        pytest.param("ALLOWED_ORIGINS", "null", "has null, .* every page without an origin", id="no origin"),
        pytest.param("ALLOWED_ORIGINS", "https://a.example/", "closing slash", id="an origin with a slash"),
        pytest.param("ALLOWED_ORIGINS", "a.example", "Write scheme, host and port", id="an origin without a scheme"),
    ],
)
def test_wrong_setting_says_what_to_write(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*{words}"):
        Settings.from_environ({**GOOD, name: value})


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        pytest.param({}, logging.INFO, id="unless set"),
        pytest.param({"POWERTOOLS_LOG_LEVEL": "ERROR"}, logging.ERROR, id="set"),
        pytest.param({"POWERTOOLS_LOG_LEVEL": "DEBUG"}, logging.INFO, id="never DEBUG"),
    ],
)
def test_level_to_log_from(environ: dict[str, str], level: int) -> None:
    assert log_level(environ) == level


@pytest.mark.parametrize("text", ["", "info", "LOUD", "10"])
def test_unknown_level_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^POWERTOOLS_LOG_LEVEL .* Write "):
        log_level({"POWERTOOLS_LOG_LEVEL": text})
