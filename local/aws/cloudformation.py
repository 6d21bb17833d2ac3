"""Describe stacks as CloudFormation does; moto tells a Python list of a parameter, and trips over its own gaps."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import Stack

_MOTOS = {name: Stack.__dict__[name] for name in ("parameter_list", "stack_resources")}


def install() -> None:
    """Put our describing in moto's place."""
    for name, tell in {"parameter_list": _parameters, "stack_resources": _resources}.items():
        setattr(Stack, name, property(tell))


def uninstall() -> None:
    """Give moto its own back."""
    for name, motos in _MOTOS.items():
        setattr(Stack, name, motos)


def _parameters(stack: Stack) -> list[dict[str, Any]]:
    """Tell a list of parameters with commas as it was given."""
    told = [(each["ParameterKey"], each["ParameterValue"]) for each in _MOTOS["parameter_list"].__get__(stack)]
    return [
        {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
        for key, value in told
    ]


def _resources(stack: Stack) -> list[Any]:
    """Leave out what a condition has left out."""
    return [resource for resource in _MOTOS["stack_resources"].__get__(stack) if resource is not None]
