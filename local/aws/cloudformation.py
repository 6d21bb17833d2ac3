"""Create and describe stacks as CloudFormation does, where moto's does otherwise or trips over its own gaps."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import Stack
from moto.logs.models import LogGroup


def install() -> None:
    """Put our own in moto's place."""
    for (owner, name), ours in _OURS.items():
        setattr(owner, name, ours)


def uninstall() -> None:
    """Give moto its own back."""
    for (owner, name), motos in _MOTOS.items():
        setattr(owner, name, motos)


def _parameters(stack: Stack) -> list[dict[str, Any]]:
    """Tell a list of parameters with commas as it was given; moto tells a Python list."""
    motos = _MOTOS[Stack, "parameter_list"].__get__(stack)
    told = [(each["ParameterKey"], each["ParameterValue"]) for each in motos]
    return [
        {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
        for key, value in told
    ]


def _resources(stack: Stack) -> list[Any]:
    """Leave out what a condition has left out."""
    return [resource for resource in _MOTOS[Stack, "stack_resources"].__get__(stack) if resource is not None]


def _attribute_of_log_group(group: LogGroup, name: str) -> str:
    """
    Tell the ARN with ":*" at its end, which is what a policy needs to be on the group's streams.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
    """
    told: str = _MOTOS[LogGroup, "get_cfn_attribute"](group, name)
    return f"{told}:*" if name == "Arn" else told


_OURS: dict[tuple[type, str], Any] = {
    (Stack, "parameter_list"): property(_parameters),
    (Stack, "stack_resources"): property(_resources),
    (LogGroup, "get_cfn_attribute"): _attribute_of_log_group,
}
_MOTOS = {(owner, name): owner.__dict__[name] for owner, name in _OURS}
