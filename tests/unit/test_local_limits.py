"""Parameters that CloudFormation refuses, and variables that Lambda refuses: good ones, then one fault at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint  # type: ignore[import-untyped]
import pytest

from operations.parameters import constraint_violations
from operations.variables import MAX_BYTES, RESERVED, variable_errors

PARAMETERS: dict[str, dict[str, Any]] = {
    "Text": {"Type": "String", "AllowedPattern": "[a-z]*", "MinLength": 2, "MaxLength": 4},
    "Explained": {"Type": "String", "AllowedPattern": "^[a-z]+$", "ConstraintDescription": "must be small letters"},
    "Choice": {"Type": "String", "AllowedValues": [True, 7, "seven"]},
    "Many": {"Type": "Number", "MinValue": 1, "MaxValue": 10},
    "Several": {"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]"},
    "Secret": {"Type": "String", "AllowedPattern": "[a-z]*", "NoEcho": True},
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Text", "ab"),
        ("Text", "abcd"),
        ("Choice", "7"),
        ("Choice", "seven"),
        ("Many", "1"),
        ("Many", "10"),
        ("Many", "2.5"),
        ("Several", "a,b"),
    ],
)
def test_value_within_its_constraints_is_accepted(name: str, value: str) -> None:
    assert constraint_violations(PARAMETERS, {name: value}) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param("Text", "aB", "AllowedPattern", id="against the pattern"),
        pytest.param("Text", "ab\n", "AllowedPattern", id="against the pattern in the last character"),
        pytest.param("Text", "a", "MinLength 2", id="too short"),
        pytest.param("Text", "abcde", "MaxLength 4", id="too long"),
        pytest.param("Choice", "eight", "'7', 'seven'", id="not among those allowed"),
        pytest.param("Many", "0", "MinValue 1", id="too small"),
        pytest.param("Many", "11", "MaxValue 10", id="too large"),
        pytest.param("Many", "", "Type Number", id="not a number: empty"),
        pytest.param("Many", "nan", "Type Number", id="not a number: nan"),
        pytest.param("Several", "a,bb", "AllowedPattern", id="one of several"),
        pytest.param("Explained", "A", "The parameter Explained, which is 'A', must be small letters.", id="explained"),
    ],
)
def test_value_that_violates_a_constraint_is_refused_with_that_constraint(name: str, value: str, said: str) -> None:
    [sentence] = constraint_violations(PARAMETERS, {name: value})
    assert name in sentence
    assert repr(value) in sentence
    assert said in sentence


def test_secret_value_is_not_in_the_sentence() -> None:
    [sentence] = constraint_violations(PARAMETERS, {"Secret": "A"})
    assert "'A'" not in sentence


def filled(size: int) -> dict[str, str]:
    return {"NAME": "x" * (size - len('{"NAME":""}'))}


def test_variables_of_four_kilobytes_are_accepted_and_one_byte_more_is_refused() -> None:
    assert variable_errors(filled(MAX_BYTES)) == []
    [sentence] = variable_errors(filled(MAX_BYTES + 1))
    assert "4097" in sentence
    assert variable_errors({"NAME": "é" * 2048}) != []


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_name_is_refused(name: str) -> None:
    [sentence] = variable_errors({name: "mine"})
    assert name in sentence


@pytest.mark.parametrize("name", ["A", "1A", "A-B", "", "É1"])
def test_invalid_name_is_refused(name: str) -> None:
    assert len(variable_errors({name: "x"})) == 1


def test_reserved_names_are_those_that_cfn_lint_has_from_aws() -> None:
    data = Path(cfnlint.__file__).parent / "data/schemas/extensions/aws_lambda_function/environment_variable_keys.json"
    assert set(json.loads(data.read_text())["propertyNames"]["not"]["enum"]) == RESERVED
