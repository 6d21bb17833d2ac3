"""The rules by which members filter their push notifications."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from local.chime import register

register()
CHECK = importlib.import_module("moto.chimesdkmessaging.filter_rules").check_filter_rule
BAD_REQUEST = importlib.import_module("moto.chimesdkidentity.exceptions").BadRequestError


def names(count: int) -> dict[str, list[str]]:
    return {f"key{number}": ["value"] for number in range(count)}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"mention": ["Bob"]}, id="one of these values"),
        pytest.param({"type": [{"anything-but": ["Room"]}]}, id="none of these values"),
        pytest.param({"type": [{"anything-but": ["Room"]}], "mention": ["Bob"]}, id="both"),
        pytest.param({"$or": [{"mention": ["Bob"]}, {"type": [{"anything-but": ["Room"]}]}]}, id="either"),
        pytest.param(names(10), id="20 keys and values"),
        pytest.param({"$or": [names(1)] * 5}, id="five alternatives"),
    ],
)
def test_rule_is_good_that_asks_for(rule: dict[str, Any]) -> None:
    CHECK(json.dumps(rule))


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param([], id="a list"),
        pytest.param({}, id="nothing"),
        pytest.param({"mention": "Bob"}, id="no list"),
        pytest.param({"mention": []}, id="an empty list"),
        pytest.param({"mention": [1]}, id="a number"),
        pytest.param({"mention": [None]}, id="null"),
        pytest.param({"mention": [{"prefix": ["B"]}]}, id="a prefix"),
        pytest.param({"mention": [{"anything-but": "Bob"}]}, id="an exclusion that is no list"),
        pytest.param({"mention": [{"anything-but": [{"anything-but": ["Bob"]}]}]}, id="an exclusion of an exclusion"),
        pytest.param({"$or": {"mention": ["Bob"]}}, id="alternatives that are no list"),
        pytest.param({"$or": [names(1)] * 6}, id="six alternatives"),
        pytest.param({**names(10), "$or": [names(1)]}, id="22 keys and values"),
        pytest.param({"mention": ["x" * 2040]}, id="more than 2 KB"),
    ],
)
def test_rule_is_refused_that_is_or_has(rule: Any) -> None:
    with pytest.raises(BAD_REQUEST):
        CHECK(json.dumps(rule))


@pytest.mark.parametrize(
    "text", [pytest.param("mention", id="no JSON"), pytest.param("[" * 2000, id="too many brackets")]
)
def test_text_is_refused_that_is(text: str) -> None:
    with pytest.raises(BAD_REQUEST):
        CHECK(text)
