"""Names of classes: each exists once, and both functions have the same shape."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.figures import class_names_that_exist_twice

ROOT = Path(__file__).resolve().parents[2]
OF_BOTH_FUNCTIONS = {"Settings", "SettingsError"}
"""Who knows one function finds the other's settings under the same name; the two share no code."""


def test_a_class_name_exists_once_but_for_what_both_functions_have() -> None:
    assert set(class_names_that_exist_twice(ROOT)) == OF_BOTH_FUNCTIONS


@pytest.mark.parametrize("package", ["authorizer", "signin"])
def test_both_functions_have_the_same_shape(package: str) -> None:
    assert callable(importlib.import_module(f"{package}.app").handler)
    assert importlib.import_module(f"{package}.settings").Settings.from_environ
    assert issubclass(importlib.import_module(f"{package}.errors").SettingsError, ValueError)
