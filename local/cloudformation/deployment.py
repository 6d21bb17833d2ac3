"""
Deploy template.yaml: what moto's CloudFormation can create, it creates; the rest is read for `gateway` and `functions`.

Nothing here knows the names in our template. What changes there, changes here.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import clean_json
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]

from local.api_gateway.definition import Api, read_authorizers, read_responses, read_routes
from local.aws import moto_patches
from local.cloudformation.template import CODE_BUCKET, translate
from local.lambda_runtime.process import Function
from operations.parameters import constraint_violations
from operations.rules import failed_assertions
from operations.variables import variable_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from moto.cloudformation.models import Stack

REGION = "us-east-1"
STACK_NAME = "local"
CREATED = frozenset(
    {
        "AWS::ApiGateway::RestApi",
        "AWS::Chime::AppInstance",
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
"""The types of resources that moto creates; the others have no state that anything here would ask for."""

_NAME_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)")

DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128


class DeploymentError(Exception):
    """The template cannot be deployed so; the text says what to change."""


@dataclass(frozen=True)
class Deployment:
    """What stands after deployment: the API, the functions and the ARNs of the roles, both by logical id."""

    api: Api
    functions: Mapping[str, Function]
    roles: Mapping[str, str]

    def with_settings(self, settings: Mapping[str, str]) -> Deployment:
        """
        Return the deployment with environment variables replaced in every function that declares them.

        Raises:
            DeploymentError: No function declares one of them, or Lambda would not take them.
        """
        known = sorted({name for function in self.functions.values() for name in function.environment})
        for name in settings:
            if name not in known:
                raise DeploymentError(f"No function has a setting {name}. There are: {', '.join(known)}.")
        functions = {key: _override(value, settings) for key, value in self.functions.items()}
        _check_variables(functions)
        return replace(self, functions=functions)


def deploy(template: Path, parameters: Mapping[str, str]) -> Deployment:
    """
    Deploy the SAM *template* to moto, in this process, and return what stands then.

    Raises:
        DeploymentError: The template is no valid one, has no such parameter, needs one more, or has no one REST API; or
            a parameter breaks its constraints, or a function's variables Lambda's.
        UnsupportedApiError: The API uses what `gateway` does not know.
    """
    translated = _translate(template, parameters)
    _check_parameters(translated, parameters)
    stack = _create(translated, parameters)
    _put_role_policies(translated, stack)
    moto_patches.record_stack_policies()
    resolved = _Resolved(translated, stack)
    functions = resolved.functions(template.parent)
    _check_variables(functions)
    return Deployment(resolved.api(), functions, resolved.roles())


def _translate(template: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    try:
        return _without_aliases(translate(template, parameters, REGION))
    except InvalidDocumentException as error:
        raise DeploymentError("; ".join(cause.message for cause in error.causes)) from error


def _without_aliases(translated: dict[str, Any]) -> dict[str, Any]:
    """Return the template with each alias of a function replaced by the function: here is one version, the newest."""
    text = json.dumps(translated)
    for logical_id, resource in translated["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Alias":
            function = resource["Properties"]["FunctionName"]["Ref"]
            text = text.replace(f"${{{logical_id}}}", f"${{{function}.Arn}}")
            text = text.replace(json.dumps({"Ref": logical_id}), json.dumps({"Fn::GetAtt": [function, "Arn"]}))
    replaced: dict[str, Any] = json.loads(text)
    return replaced


def _override(function: Function, settings: Mapping[str, str]) -> Function:
    changed = {name: value for name, value in settings.items() if name in function.environment}
    return replace(function, environment={**function.environment, **changed})


def _check_parameters(translated: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    known = translated.get("Parameters", {})
    for name in parameters:
        if name not in known:
            raise DeploymentError(f"The template has no parameter {name}. There are: {', '.join(known)}.")
    for name, parameter in known.items():
        if "Default" not in parameter and name not in parameters:
            raise DeploymentError(f"The template's parameter {name} needs a value.")
    broken = constraint_violations(known, parameters) or failed_assertions(
        translated, {"AWS::Region": REGION, **parameters}
    )
    if broken:
        raise DeploymentError(" ".join(broken))


def _check_variables(functions: Mapping[str, Function]) -> None:
    for logical_id, function in functions.items():
        for sentence in variable_errors(function.environment):
            raise DeploymentError(f"{logical_id}: {sentence}")


def _create(translated: Mapping[str, Any], parameters: Mapping[str, str]) -> Stack:
    missing = _not_created(translated)
    creatable = {
        logical_id: _creatable(resource, missing)
        for logical_id, resource in translated["Resources"].items()
        if logical_id not in missing
    }
    template = {name: part for name, part in translated.items() if name not in ("Outputs", "Rules")}
    stack = cloudformation_backends[DEFAULT_ACCOUNT_ID][REGION].create_stack(
        name=STACK_NAME,
        template=json.dumps(template | {"Resources": creatable}),
        parameters=dict(parameters),
        notification_arns=[],
        tags={},
        role_arn=None,
    )
    _write_policies_as_text()
    return stack


def _creatable(resource: Mapping[str, Any], missing: set[str]) -> dict[str, Any]:
    said = resource.get("Properties", {})
    properties = _without(said, missing)
    if resource["Type"] == "AWS::Lambda::Function":
        # A placeholder: the function's code runs from its folder.
        properties["Code"] = {"ZipFile": "pass"}
    if resource["Type"] == "AWS::ApiGateway::RestApi":
        body = said.get("Body", {})
        properties.pop("Body", None)
        properties.setdefault("Name", body.get("info", {}).get("title", STACK_NAME))
    # What it depends on may be of a type that is not created.
    kept = {name: value for name, value in resource.items() if name != "DependsOn"}
    if kept.get("DeletionPolicy") == "RetainExceptOnCreate":
        kept["DeletionPolicy"] = "Retain"  # which is what it means from the creation on; moto knows no other
    return kept | {"Properties": properties}


def _not_created(translated: Mapping[str, Any]) -> set[str]:
    return {name for name, resource in translated["Resources"].items() if resource["Type"] not in CREATED}


def _without(properties: Mapping[str, Any], missing: set[str]) -> dict[str, Any]:
    """Leave out the properties that name a *missing* resource: Layers, say. Nobody here asks for them."""
    return {name: value for name, value in properties.items() if missing.isdisjoint(_named_in(value))}


def _named_in(value: Any) -> set[str]:
    """Return the logical ids, of resources and parameters, that the intrinsics in *value* name."""
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
    # moto's CloudFormation leaves objects where moto's IAM expects JSON.
    for role in iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values():
        for name, policy in role.policies.items():
            if not isinstance(policy, str):
                role.policies[name] = json.dumps(policy)


def _put_role_policies(translated: Mapping[str, Any], stack: Stack) -> None:
    # The one type among ours that moto's CloudFormation does not know.
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for resource in _of_type(translated, stack, "AWS::IAM::RolePolicy").values():
        said = clean_json(copy.deepcopy(resource["Properties"]), stack.resource_map)
        iam.put_role_policy(said["RoleName"], said["PolicyName"], json.dumps(said["PolicyDocument"]))


def _of_type(translated: Mapping[str, Any], stack: Stack, type_name: str) -> dict[str, Any]:
    conditions = stack.resource_map.lazy_condition_map
    return {
        logical_id: resource
        for logical_id, resource in translated["Resources"].items()
        if resource["Type"] == type_name and conditions.get(resource.get("Condition"), True)
    }


class _Resolved:
    """The translated template with its intrinsics replaced by what they stand for."""

    def __init__(self, translated: Mapping[str, Any], stack: Stack) -> None:
        self._translated = translated
        self._stack = stack

    def roles(self) -> dict[str, str]:
        return {logical_id: self._attribute(logical_id, "Arn") for logical_id in self._named("AWS::IAM::Role")}

    def functions(self, root: Path) -> dict[str, Function]:
        found = self._named("AWS::Lambda::Function")
        return {logical_id: self._function(logical_id, root) for logical_id in found}

    def api(self) -> Api:
        logical_id = self._only("AWS::ApiGateway::RestApi")
        said = self._properties(logical_id)
        stage = self._stage(logical_id)
        body = said.get("Body", {})
        binary_types = body.get("x-amazon-apigateway-binary-media-types", said.get("BinaryMediaTypes", []))
        return Api(
            id=self._reference(logical_id),
            region=REGION,
            account=DEFAULT_ACCOUNT_ID,
            stage=stage["StageName"],
            routes=read_routes(body, self._function_id),
            authorizers=read_authorizers(body, self._function_id),
            responses=read_responses(body),
            # SAM writes image~1png for image/png.
            binary_types=frozenset(kind.replace("~1", "/") for kind in binary_types),
            stage_variables=stage.get("Variables", {}),
        )

    def _function(self, logical_id: str, root: Path) -> Function:
        said = self._properties(logical_id)
        name = self._reference(logical_id)
        code, logging = said["Code"], said.get("LoggingConfig", {})
        if code.get("S3Bucket") != CODE_BUCKET:
            raise DeploymentError(f"{logical_id}: the code must be a folder (CodeUri) of the template's own.")
        return Function(
            logical_id=logical_id,
            name=name,
            arn=self._attribute(logical_id, "Arn"),
            handler=said["Handler"],
            code=(root / code["S3Key"]).resolve(),
            timeout=float(said.get("Timeout", DEFAULT_TIMEOUT_SECONDS)),
            memory=int(said.get("MemorySize", DEFAULT_MEMORY_MB)),
            environment={key: _as_text(value) for key, value in _variables(said).items()},
            role=self._role_id(said["Role"]),
            log_group=logging.get("LogGroup", f"/aws/lambda/{name}"),
            region=REGION,
            runtime=said["Runtime"],
            concurrency=_number(said.get("ReservedConcurrentExecutions")),
            log_format=logging.get("LogFormat", "Text"),
            log_level=logging.get("ApplicationLogLevel"),
        )

    def _role_id(self, arn: str) -> str:
        return next(logical_id for logical_id, known in self.roles().items() if known == arn)

    def _function_id(self, arn: str) -> str:
        for logical_id in self._named("AWS::Lambda::Function"):
            if self._attribute(logical_id, "Arn") == arn:
                return logical_id
        raise DeploymentError(f"The API calls a function that is not in the template: {arn}")

    def _stage(self, api: str) -> dict[str, Any]:
        stages = [self._properties(logical_id) for logical_id in self._named("AWS::ApiGateway::Stage")]
        ours = [stage for stage in stages if stage["RestApiId"] == self._reference(api)]
        # SAM may add a second one of this name.
        return next((stage for stage in ours if stage["StageName"] != "Stage"), ours[0])

    def _only(self, type_name: str) -> str:
        found = self._named(type_name)
        if len(found) != 1:
            raise DeploymentError(f"The template must have exactly one {type_name}, not {len(found)}.")
        return found[0]

    def _named(self, type_name: str) -> list[str]:
        return list(_of_type(self._translated, self._stack, type_name))

    def _properties(self, logical_id: str) -> dict[str, Any]:
        said = self._translated["Resources"][logical_id]["Properties"]
        properties = _without(said, _not_created(self._translated))
        resolved: dict[str, Any] = clean_json(copy.deepcopy(properties), self._stack.resource_map)
        return resolved

    def _attribute(self, logical_id: str, name: str) -> str:
        return str(clean_json({"Fn::GetAtt": [logical_id, name]}, self._stack.resource_map))

    def _reference(self, logical_id: str) -> str:
        return str(clean_json({"Ref": logical_id}, self._stack.resource_map))


def _variables(function: Mapping[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = function.get("Environment", {}).get("Variables", {})
    return variables


def _number(said: Any) -> int | None:
    return None if said is None else int(said)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
