"""The limits of a service's model, and the messages for what breaks them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import Shape, ShapeResolver

from local.chime.constraints import validation_error

SHAPES: dict[str, Any] = {
    "Request": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Name"},
            "Secret": {"shape": "Secret"},
            "Seconds": {"shape": "Seconds"},
            "Kind": {"shape": "Kind"},
            "Tags": {"shape": "Tags"},
            "Flag": {"shape": "Flag"},
        },
    },
    "Name": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z\\w]*"},
    "Secret": {"type": "string", "max": 3, "sensitive": True},
    "Seconds": {"type": "integer", "min": 900, "max": 3600},
    "Kind": {"type": "string", "enum": ["A", "B"]},
    "Tags": {"type": "list", "max": 2, "member": {"shape": "Tag"}},
    "Tag": {"type": "structure", "required": ["Key"], "members": {"Key": {"shape": "Key"}}},
    "Key": {"type": "string", "pattern": "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"},
    "Flag": {"type": "boolean"},
}
GOOD = {"Name": "ada", "Secret": "abc", "Seconds": 900, "Kind": "A", "Tags": [{"Key": "Ünï 9"}], "Flag": True}


def shape(name: str = "Request") -> Shape:
    return ShapeResolver(SHAPES).get_shape_by_name(name)


def test_good_parameters_have_no_error() -> None:
    assert validation_error(shape(), GOOD) is None


def test_operation_without_input_takes_anything() -> None:
    assert validation_error(None, {}) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            {"Name": None}, "Value null at 'name' failed to satisfy constraint: Member must not be null", id="null"
        ),
        pytest.param(
            {"Name": "a"},
            "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
            id="short",
        ),
        pytest.param({"Name": "abcde"}, "Member must have length less than or equal to 4", id="long"),
        pytest.param({"Name": "a b"}, "Member must satisfy regular expression pattern: [a-z\\w]*", id="pattern"),
        pytest.param({"Name": "abé"}, "Member must satisfy regular expression pattern", id="a letter beyond ASCII"),
        pytest.param({"Name": "abc\n"}, "Member must satisfy regular expression pattern", id="a line break at the end"),
        pytest.param({"Name": 5}, "Member must be a string", id="number for string"),
        pytest.param({"Secret": "abcd"}, "Value at 'secret' failed", id="sensitive"),
        pytest.param({"Seconds": 899}, "Member must have value greater than or equal to 900", id="few"),
        pytest.param({"Seconds": 3601}, "Member must have value less than or equal to 3600", id="many"),
        pytest.param({"Seconds": True}, "Member must be a integer", id="boolean for number"),
        pytest.param({"Kind": "C"}, "Member must satisfy enum value set: [A, B]", id="enum"),
        pytest.param(
            {"Tags": [{"Key": "a"}, {"Key": "a|b"}]}, "Value 'a|b' at 'tags.2.member.key' failed", id="nested"
        ),
        pytest.param({"Tags": [{}]}, "Value null at 'tags.1.member.key' failed", id="nested null"),
        pytest.param({"Tags": [{"Key": "a"}] * 3}, "Member must have length less than or equal to 2", id="long list"),
        pytest.param({"Tags": "a"}, "Member must be a list", id="string for list"),
    ],
)
def test_refused_for(change: dict[str, Any], says: str) -> None:
    message = validation_error(shape(), {**GOOD, **change})
    assert message is not None
    assert message.startswith("1 validation error detected: Value ")
    assert says in message


def test_all_violations_are_counted() -> None:
    message = validation_error(shape(), {**GOOD, "Name": "é", "Seconds": 1})
    assert message is not None
    assert message.startswith("3 validation errors detected: ")


def test_sensitive_value_is_not_repeated() -> None:
    assert "abcd" not in str(validation_error(shape(), {**GOOD, "Secret": "abcd"}))
