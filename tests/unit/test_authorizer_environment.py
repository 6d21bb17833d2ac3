"""What the authorizer is told beside its providers: good values, then wrong ones, of which each says what to write."""

from __future__ import annotations

import json
import logging

import pytest

from authorizer.clock import Clock
from authorizer.errors import SettingsError
from authorizer.log_level import log_level
from authorizer.settings import Settings

PROVIDERS = json.dumps([{"name": "main", "issuer": "https://issuer.example/", "audience": "chime-signin"}])


def settings(**environ: str) -> Settings:
    return Settings.from_environ({"PROVIDERS": PROVIDERS, **environ}, Clock())


def test_base64_is_off_unless_switched_on() -> None:
    assert not settings().accept_base64
    assert settings(ACCEPT_BASE64_TOKENS="true").accept_base64


@pytest.mark.parametrize("text", ["", "True", "1", "yes"])
def test_base64_is_true_or_false(text: str) -> None:
    with pytest.raises(SettingsError, match="ACCEPT_BASE64_TOKENS is neither"):
        settings(ACCEPT_BASE64_TOKENS=text)


@pytest.mark.parametrize("text", ["1024", "10000"])
def test_longest_token_may_be_set(text: str) -> None:
    assert settings(LONGEST_TOKEN=text).max_token_length == int(text)


@pytest.mark.parametrize("text", ["1023", "10001", "8k", "", "9" * 5000], ids=lambda text: text[:9])
def test_longest_token_that_is_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="LONGEST_TOKEN is no whole number from 1024 to 10000"):
        settings(LONGEST_TOKEN=text)


def test_tokens_may_have_to_outlast_the_shortest_session() -> None:
    assert settings(LEAST_TOKEN_SECONDS="900").providers.all[0].min_remaining_seconds == 900
    with pytest.raises(SettingsError, match="LEAST_TOKEN_SECONDS is no whole number from 0 to 3600"):
        settings(LEAST_TOKEN_SECONDS="3601")


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
def test_level_that_there_is_not_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^POWERTOOLS_LOG_LEVEL .* Write "):
        log_level({"POWERTOOLS_LOG_LEVEL": text})
