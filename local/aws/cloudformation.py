"""Create, describe and delete stacks as CloudFormation does, where moto's does otherwise or trips over its own gaps."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import Role, iam_backends
from moto.logs.models import LogGroup

_own_policies: dict[str, frozenset[str]] = {}
"""The inline policies that stacks have given to their roles, by the roles' names."""


def install() -> None:
    """Put our own in moto's place."""
    _own_policies.clear()
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


def remember_policies() -> None:
    """Take the inline policies that roles have now for those of their stacks."""
    roles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values()
    _own_policies.update({role.name: frozenset(role.policies) for role in roles})


def _delete(backend: CloudFormationBackend, name_or_stack_id: str) -> None:
    """Delete a stack; moto deletes a role with whatever policies it has, where IAM keeps one with a stranger's."""
    for stack in list(backend.stacks.values()):
        held = _held(stack) if name_or_stack_id in (stack.name, stack.stack_id) else []
        if held:
            stack.status = "DELETE_FAILED"
            stack.events += [_failure(stack, role) for role in held]
            return
    _MOTOS[CloudFormationBackend, "delete_stack"](backend, name_or_stack_id)


def _held(stack: Stack) -> list[Role]:
    roles = [resource for resource in _resources(stack) if isinstance(resource, Role)]
    return [role for role in roles if set(role.policies) - _own_policies.get(role.name, frozenset(role.policies))]


def _failure(stack: Stack, role: Role) -> Event:
    return Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=vars(role)["logical_resource_id"],
        physical_resource_id=role.name,
        resource_type="AWS::IAM::Role",
        resource_status="DELETE_FAILED",
        resource_status_reason="Cannot delete entity, must delete policies first.",
        resource_properties=None,
    )


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
    (CloudFormationBackend, "delete_stack"): _delete,
}
_MOTOS = {(owner, name): owner.__dict__[name] for owner, name in _OURS}
