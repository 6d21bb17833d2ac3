"""
Change where moto differs from AWS: its choice of operation, and in services from CloudFormation to Secrets Manager.

Each change replaces one method of a class of moto, while an endpoint is open. Sources:

- Secrets Manager dates every change: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
  (LastChangedDate: "the last date and time that this secret was modified in any way") and, there,
  API_UpdateSecretVersionStage.html. That moving a label and rotating are such changes is inferred.
- A log group's Arn ends in ":*", so that a policy on it covers the group's streams:
  https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
- UpdateItem needs no UpdateExpression, and then makes an item of its key alone, unless there is one:
  https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html (Key and TableName are required)
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.core.model import ServiceModel
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import BaseResponse
from moto.dynamodb.models.dynamo_type import Item
from moto.iam.models import Role, iam_backends
from moto.logs.models import LogGroup
from moto.s3.models import FakeBucket
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from werkzeug.datastructures import ImmutableMultiDict

from local.aws import bucket_stacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.core.request import Request

OPERATION, PROTOCOL = "local.aws.operation", "local.aws.protocol"
"""In a WSGI environment: the operation for which the permissions were checked, and the protocol of its service."""

_making = threading.RLock()
_stack_policies: dict[str, frozenset[str]] = {}
"""The names of the inline policies that stacks gave to their roles, by role name."""


def install() -> None:
    """Put our methods in the place of moto's."""
    _stack_policies.clear()
    for (owner, name), ours in _OURS.items():
        setattr(owner, name, ours)


def uninstall() -> None:
    """Put moto's own methods back."""
    for (owner, name), original in _ORIGINALS.items():
        setattr(owner, name, original)


def record_stack_policies() -> None:
    """
    Record the inline policies that roles have now as those of their stacks.

    Call it after a deployment. A role that gets a further inline policy later cannot be deleted with its stack.
    """
    roles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values()
    _stack_policies.update({role.name: frozenset(role.policies) for role in roles})


def _operation_model(model: ServiceModel, operation_name: str) -> Any:
    """
    Return an operation, and make its model in one thread at a time.

    moto and botocore keep the same operation under one key of a cache, each its own kind of it: while moto made its
    kind, another thread got botocore's, which lacks what moto needs.
    """
    with _making:
        return _original(ServiceModel, "operation_model")(model, operation_name)


def _action(response: BaseResponse) -> str:
    """
    Return the operation for which the permissions were checked.

    moto would also take its name from a parameter or header Action, or from X-Amz-Target in any service: a caller who
    may only list secrets could so read them.
    """
    operation: str | None = response.normalized_request.environ.get(OPERATION)
    if operation is None:
        return str(_original(BaseResponse, "_get_action")(response))
    # Called for the parameters in the path, which it keeps.
    _original(BaseResponse, "_get_action_from_method_and_request_uri")(response, response.normalized_request)
    return operation


def _setup_class(response: BaseResponse, request: Request, *given: Any, **named: Any) -> None:
    """
    Let moto read the parameters of a service from where the permissions read them: of a JSON service the body.

    moto would first look in the query, in a body that it takes for a form, and in the headers.
    """
    if request.environ.get(PROTOCOL) == "rest-xml":
        # What is stored may be a form; it is no parameter.
        vars(request).update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
    _original(BaseResponse, "setup_class")(response, request, *given, **named)
    if request.environ.get(PROTOCOL) == "json":
        response.querystring.clear()
    elif request.environ.get(PROTOCOL) in ("rest-json", "rest-xml"):
        query = parse_qs(request.query_string.decode("latin-1"), keep_blank_values=True)
        response.querystring.clear()
        response.querystring.update(query)


def _stack_parameters(stack: Stack) -> list[dict[str, Any]]:
    """Return a parameter that is a list as the text with commas that it was given as; moto returns a Python list."""
    pairs = [(each["ParameterKey"], each["ParameterValue"]) for each in _original(Stack, "parameter_list")(stack)]
    return [
        {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
        for key, value in pairs
    ]


def _stack_resources(stack: Stack) -> list[Any]:
    """Leave out the resources whose condition is false; moto has None in their place."""
    return [resource for resource in _original(Stack, "stack_resources")(stack) if resource is not None]


def _delete_stack(backend: CloudFormationBackend, name_or_stack_id: str) -> None:
    """
    Delete a stack, or let it fail where a role has an inline policy that the stack did not make.

    IAM deletes no role with inline policies, and CloudFormation removes only its own; moto deletes the role anyway.
    """
    for stack in list(backend.stacks.values()):
        if name_or_stack_id in (stack.name, stack.stack_id) and (roles := _undeletable_roles(stack)):
            stack.status = "DELETE_FAILED"
            stack.events += [_deletion_failure(stack, role) for role in roles]
            return
    _original(CloudFormationBackend, "delete_stack")(backend, name_or_stack_id)


def _undeletable_roles(stack: Stack) -> list[Role]:
    roles = [resource for resource in _stack_resources(stack) if isinstance(resource, Role)]
    return [role for role in roles if set(role.policies) - _stack_policies.get(role.name, frozenset(role.policies))]


def _deletion_failure(stack: Stack, role: Role) -> Event:
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


def _log_group_attribute(group: LogGroup, name: str) -> str:
    attribute: str = _original(LogGroup, "get_cfn_attribute")(group, name)
    return f"{attribute}:*" if name == "Arn" else attribute


def _bucket_permission(_: FakeBucket, *__: str) -> None:
    """Neither permit nor deny: the policies were asked before. moto would apply a Deny whatever its conditions are."""


def _configured_bucket(method: str) -> Any:
    """Return moto's *method*, which then does for the bucket what moto leaves out."""

    def configuring(cls: type[FakeBucket], *given: Any, **named: Any) -> FakeBucket:
        bucket: FakeBucket = _original(FakeBucket, method)(cls, *given, **named)
        template = named.get("cloudformation_json") or next(each for each in given if isinstance(each, dict))
        bucket_stacks.configure(bucket, template.get("Properties", {}))
        return bucket

    return classmethod(configuring)


def _update_item(item: Item, attribute_updates: dict[str, Any] | None) -> None:
    """Change nothing where there is nothing to change; moto fails then."""
    _original(Item, "update_with_attribute_updates")(item, attribute_updates or {})


def _and_update_secret(method: str) -> Callable[..., Any]:
    """Return moto's *method* of Secrets Manager, which then sets change date and current version, as on AWS."""

    def changing(backend: SecretsManagerBackend, secret_id: str, *given: Any, **named: Any) -> Any:
        answer = _original(SecretsManagerBackend, method)(backend, secret_id, *given, **named)
        secret = backend.secrets[secret_id]
        if not isinstance(secret, FakeSecret):
            return answer  # a replica, which follows its primary secret
        secret.last_changed_date = int(time.time())
        for version_id, version in secret.versions.items():
            if "AWSCURRENT" in version["version_stages"]:
                secret.set_default_version_id(version_id)
        return answer

    return changing


_OURS: dict[tuple[type, str], Any] = {
    (ServiceModel, "operation_model"): _operation_model,
    (BaseResponse, "_get_action"): _action,
    (BaseResponse, "setup_class"): _setup_class,
    (Stack, "parameter_list"): property(_stack_parameters),
    (Stack, "stack_resources"): property(_stack_resources),
    (LogGroup, "get_cfn_attribute"): _log_group_attribute,
    (CloudFormationBackend, "delete_stack"): _delete_stack,
    (FakeBucket, "get_permission"): _bucket_permission,
    (FakeBucket, "create_from_cloudformation_json"): _configured_bucket("create_from_cloudformation_json"),
    (FakeBucket, "update_from_cloudformation_json"): _configured_bucket("update_from_cloudformation_json"),
    (Item, "update_with_attribute_updates"): _update_item,
    (SecretsManagerBackend, "update_secret_version_stage"): _and_update_secret("update_secret_version_stage"),
    (SecretsManagerBackend, "rotate_secret"): _and_update_secret("rotate_secret"),
}
_ORIGINALS = {(owner, name): owner.__dict__[name] for owner, name in _OURS}


def _original(owner: type, name: str) -> Callable[..., Any]:
    """Return moto's own method, or a property's getter, as a function that takes the instance or the class."""
    original: Any = _ORIGINALS.get((owner, name)) or owner.__dict__[name]
    if isinstance(original, classmethod):
        return original.__func__
    function: Callable[..., Any] = getattr(original, "fget", original)
    return function
