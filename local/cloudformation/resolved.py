"""Read the API, the functions and the roles from a translated template whose stack exists."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from moto.cloudformation.parsing import clean_json
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.api_gateway.definition import Api, read_authorizers, read_responses, read_routes
from local.cloudformation.errors import DeploymentError
from local.cloudformation.resources import created_properties, resources_of_type
from local.cloudformation.template import CODE_BUCKET
from local.lambda_runtime.process import Function

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from moto.cloudformation.models import Stack

DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128


class ResolvedTemplate:
    """A translated template whose intrinsics are resolved by moto, with what the stack created."""

    def __init__(self, translated: Mapping[str, Any], stack: Stack, region: str) -> None:
        self._translated = translated
        self._stack = stack
        self._region = region

    def roles(self) -> dict[str, str]:
        """Return the ARNs of the roles by logical id."""
        return {logical_id: self._attribute(logical_id, "Arn") for logical_id in self._logical_ids("AWS::IAM::Role")}

    def functions(self, root: Path) -> dict[str, Function]:
        """Return the functions by logical id; *root* is the folder of the template."""
        logical_ids = self._logical_ids("AWS::Lambda::Function")
        return {logical_id: self._function(logical_id, root) for logical_id in logical_ids}

    def api(self) -> Api:
        """Return the one REST API."""
        logical_id = self._only("AWS::ApiGateway::RestApi")
        properties = self._properties(logical_id)
        stage = self._stage(logical_id)
        body = properties.get("Body", {})
        binary_types = body.get("x-amazon-apigateway-binary-media-types", properties.get("BinaryMediaTypes", []))
        return Api(
            id=self._reference(logical_id),
            region=self._region,
            account=DEFAULT_ACCOUNT_ID,
            stage=stage["StageName"],
            routes=read_routes(body, self._function_id),
            authorizers=read_authorizers(body, self._function_id),
            responses=read_responses(body),
            # SAM writes image~1png for image/png.
            binary_types=frozenset(kind.replace("~1", "/") for kind in binary_types),
            stage_variables=stage.get("Variables", {}),
            access_log_format=stage.get("AccessLogSetting", {}).get("Format", ""),
        )

    def _function(self, logical_id: str, root: Path) -> Function:
        properties = self._properties(logical_id)
        name = self._reference(logical_id)
        code, logging = properties["Code"], properties.get("LoggingConfig", {})
        if code.get("S3Bucket") != CODE_BUCKET:
            raise DeploymentError(f"{logical_id}: the code must be a folder (CodeUri) of the template's own.")
        return Function(
            logical_id=logical_id,
            name=name,
            arn=self._attribute(logical_id, "Arn"),
            handler=properties["Handler"],
            code=(root / code["S3Key"]).resolve(),
            timeout=float(properties.get("Timeout", DEFAULT_TIMEOUT_SECONDS)),
            memory=int(properties.get("MemorySize", DEFAULT_MEMORY_MB)),
            environment={key: _as_text(value) for key, value in _variables(properties).items()},
            role=self._role_id(properties["Role"]),
            log_group=logging.get("LogGroup", f"/aws/lambda/{name}"),
            region=self._region,
            runtime=properties["Runtime"],
            concurrency=_integer(properties.get("ReservedConcurrentExecutions")),
            log_format=logging.get("LogFormat", "Text"),
            log_level=logging.get("ApplicationLogLevel"),
        )

    def _role_id(self, arn: str) -> str:
        return next(logical_id for logical_id, role_arn in self.roles().items() if role_arn == arn)

    def _function_id(self, arn: str) -> str:
        for logical_id in self._logical_ids("AWS::Lambda::Function"):
            if self._attribute(logical_id, "Arn") == arn:
                return logical_id
        raise DeploymentError(f"The API calls a function that is not in the template: {arn}")

    def _stage(self, api: str) -> dict[str, Any]:
        all_stages = [self._properties(logical_id) for logical_id in self._logical_ids("AWS::ApiGateway::Stage")]
        stages = [stage for stage in all_stages if stage["RestApiId"] == self._reference(api)]
        # SAM may add a second stage, which is called "Stage".
        return next((stage for stage in stages if stage["StageName"] != "Stage"), stages[0])

    def _only(self, type_name: str) -> str:
        found = self._logical_ids(type_name)
        if len(found) != 1:
            raise DeploymentError(f"The template must have exactly one {type_name}, not {len(found)}.")
        return found[0]

    def _logical_ids(self, type_name: str) -> list[str]:
        return list(resources_of_type(self._translated, self._stack, type_name))

    def _properties(self, logical_id: str) -> dict[str, Any]:
        properties = copy.deepcopy(created_properties(self._translated, logical_id))
        resolved: dict[str, Any] = clean_json(properties, self._stack.resource_map)
        return resolved

    def _attribute(self, logical_id: str, name: str) -> str:
        return str(clean_json({"Fn::GetAtt": [logical_id, name]}, self._stack.resource_map))

    def _reference(self, logical_id: str) -> str:
        return str(clean_json({"Ref": logical_id}, self._stack.resource_map))


def _variables(function: Mapping[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = function.get("Environment", {}).get("Variables", {})
    return variables


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
