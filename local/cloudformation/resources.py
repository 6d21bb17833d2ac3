"""Create the resources of a translated template: moto's CloudFormation creates those that anything here asks for."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from moto.apigateway.models import apigateway_backends
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import clean_json
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.cloudformation.models import Stack

CREATED_TYPES = frozenset(
    {
        "AWS::ApiGateway::RestApi",
        "AWS::Chime::AppInstance",
        "AWS::DynamoDB::Table",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::SNS::Topic",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
    }
)
"""The types of resources that moto creates. Those of other types have no state that anything here asks for."""

_ADDRESS_ON_AWS = re.compile(r"https://\$\{\w+\}\.execute-api\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}/\w+")
_NAME_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)")


def create_stack(
    translated: Mapping[str, Any], parameters: Mapping[str, str], name: str, region: str, address: str = ""
) -> Stack:
    """Create the stack called *name* of the *translated* template in moto. Its API is at *address*, if given."""
    skipped = _not_created(translated)
    resources = {
        logical_id: _creatable(resource, skipped, name)
        for logical_id, resource in translated["Resources"].items()
        if logical_id not in skipped
    }
    template = {section: part for section, part in translated.items() if section != "Rules"}
    template["Outputs"] = _outputs(translated, address)
    stack = cloudformation_backends[DEFAULT_ACCOUNT_ID][region].create_stack(
        name=name,
        template=json.dumps(template | {"Resources": resources}),
        parameters=dict(parameters),
        notification_arns=[],
        tags={},
        role_arn=None,
    )
    _write_policies_as_text()
    _set_times_to_live(translated, stack, region)
    _set_log_role(translated, stack, region)
    return stack


def _set_times_to_live(translated: Mapping[str, Any], stack: Stack, region: str) -> None:
    """Set TimeToLiveSpecification, which moto's CloudFormation does not read."""
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][region]
    for logical_id, resource in resources_of_type(translated, stack, "AWS::DynamoDB::Table").items():
        properties = clean_json(copy.deepcopy(resource["Properties"]), stack.resource_map)
        if "TimeToLiveSpecification" in properties:
            table: Any = stack.resource_map[logical_id]
            tables.update_time_to_live(table.physical_resource_id, properties["TimeToLiveSpecification"])


def _set_log_role(translated: Mapping[str, Any], stack: Stack, region: str) -> None:
    """Give the account the role that API Gateway writes logs with; moto's CloudFormation does not know that type."""
    for resource in resources_of_type(translated, stack, "AWS::ApiGateway::Account").values():
        properties = clean_json(copy.deepcopy(resource["Properties"]), stack.resource_map)
        account = apigateway_backends[DEFAULT_ACCOUNT_ID][region].get_account()
        account.cloudwatch_role_arn = properties["CloudWatchRoleArn"]


def _outputs(translated: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return the outputs with the API's *address* here in place of AWS's; without those that name it otherwise."""
    elsewhere = _not_created(translated) | set(_ids_of_type(translated, "AWS::ApiGateway::RestApi"))
    text = json.dumps(translated.get("Outputs", {}))
    outputs: dict[str, Any] = json.loads(_ADDRESS_ON_AWS.sub(lambda _: address, text) if address else text)
    return {name: output for name, output in outputs.items() if elsewhere.isdisjoint(_named_in(output["Value"]))}


def _ids_of_type(translated: Mapping[str, Any], type_name: str) -> list[str]:
    return [name for name, resource in translated["Resources"].items() if resource["Type"] == type_name]


def put_role_policies(translated: Mapping[str, Any], stack: Stack) -> None:
    """Create the resources of type AWS::IAM::RolePolicy, because moto's CloudFormation does not know that type."""
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for resource in resources_of_type(translated, stack, "AWS::IAM::RolePolicy").values():
        policy = clean_json(copy.deepcopy(resource["Properties"]), stack.resource_map)
        iam.put_role_policy(policy["RoleName"], policy["PolicyName"], json.dumps(policy["PolicyDocument"]))


def resources_of_type(translated: Mapping[str, Any], stack: Stack, type_name: str) -> dict[str, Any]:
    """Return the resources of that type whose condition holds, by logical id."""
    conditions = stack.resource_map.lazy_condition_map
    return {
        logical_id: resource
        for logical_id, resource in translated["Resources"].items()
        if resource["Type"] == type_name and conditions.get(resource.get("Condition"), True)
    }


def created_properties(translated: Mapping[str, Any], logical_id: str) -> dict[str, Any]:
    """Return a resource's properties, with their intrinsics, but without those that name a resource not created."""
    return _without(translated["Resources"][logical_id]["Properties"], _not_created(translated))


def _creatable(resource: Mapping[str, Any], skipped: set[str], stack_name: str) -> dict[str, Any]:
    declared = resource.get("Properties", {})
    properties = _without(declared, skipped)
    if resource["Type"] == "AWS::Lambda::Function":
        # A placeholder, because the function's code runs from its folder.
        properties["Code"] = {"ZipFile": "pass"}
    if resource["Type"] == "AWS::ApiGateway::RestApi":
        body = declared.get("Body", {})
        properties.pop("Body", None)
        properties.setdefault("Name", body.get("info", {}).get("title", stack_name))
    # Without DependsOn, because the other resource may be of a type that is not created.
    creatable = {name: value for name, value in resource.items() if name != "DependsOn"}
    if creatable.get("DeletionPolicy") == "RetainExceptOnCreate":
        # moto does not know that value. After the creation it means the same as Retain.
        creatable["DeletionPolicy"] = "Retain"
    return creatable | {"Properties": properties}


def _not_created(translated: Mapping[str, Any]) -> set[str]:
    return {name for name, resource in translated["Resources"].items() if resource["Type"] not in CREATED_TYPES}


def _without(properties: Mapping[str, Any], skipped: set[str]) -> dict[str, Any]:
    """Leave out the properties that name a *skipped* resource, such as Layers: nothing here needs them."""
    return {name: value for name, value in properties.items() if skipped.isdisjoint(_named_in(value))}


def _named_in(value: Any) -> set[str]:
    """Return the logical ids of the resources and parameters that the intrinsics in *value* name."""
    if isinstance(value, list):
        return {name for part in value for name in _named_in(part)}
    if not isinstance(value, dict):
        return set()
    names = _named_in(list(value.values()))
    if "Ref" in value:
        names.add(value["Ref"])
    if "Fn::GetAtt" in value:
        attribute = value["Fn::GetAtt"]
        names.add(attribute.partition(".")[0] if isinstance(attribute, str) else attribute[0])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        names.update(_NAME_IN_TEXT.findall(text))
    return names


def _write_policies_as_text() -> None:
    # moto's CloudFormation stores policies as objects, but moto's IAM expects JSON text.
    for role in iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values():
        for name, policy in role.policies.items():
            if not isinstance(policy, str):
                role.policies[name] = json.dumps(policy)
