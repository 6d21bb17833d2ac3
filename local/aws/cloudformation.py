"""Tell a stack's parameters as CloudFormation does: one with commas as it was given, where moto tells a Python list."""

from __future__ import annotations

from typing import Any, cast

from moto.cloudformation.models import Stack

_MOTOS = cast("property", Stack.parameter_list)


def install() -> None:
    """Put our telling in moto's place."""
    Stack.parameter_list = property(_told)  # type: ignore[method-assign, assignment]


def uninstall() -> None:
    """Give moto its own back."""
    Stack.parameter_list = _MOTOS  # type: ignore[method-assign, assignment]


def _told(stack: Stack) -> list[dict[str, Any]]:
    told = [(each["ParameterKey"], each["ParameterValue"]) for each in _MOTOS.__get__(stack)]
    return [
        {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
        for key, value in told
    ]
