"""
Deploy template.yaml: check what was passed to it, let moto create resources, and read the API and the functions.

Nothing here depends on names in our template: whatever changes there is deployed as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]

from local.aws import moto_patches
from local.cloudformation.errors import DeploymentError
from local.cloudformation.resolved import ResolvedTemplate
from local.cloudformation.resources import create_stack, put_role_policies
from local.cloudformation.template import translate
from operations.parameters import constraint_violations
from operations.rules import failed_assertions
from operations.variables import variable_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.api_gateway.definition import Api
    from local.lambda_runtime.process import Function

REGION = "us-east-1"
STACK_NAME = "local"


@dataclass(frozen=True)
class Deployment:
    """What was deployed: the API, the functions by logical id, and the ARNs of the roles by logical id."""

    api: Api
    functions: Mapping[str, Function]
    roles: Mapping[str, str]

    def with_settings(self, settings: Mapping[str, str]) -> Deployment:
        """
        Return the deployment with environment variables replaced in every function that declares them.

        Raises:
            DeploymentError: No function declares one of them, or Lambda would not accept their values.
        """
        known = sorted({name for function in self.functions.values() for name in function.environment})
        for name in settings:
            if name not in known:
                raise DeploymentError(f"No function has a setting {name}. There are: {', '.join(known)}.")
        functions = {key: _override(value, settings) for key, value in self.functions.items()}
        _check_variables(functions)
        return replace(self, functions=functions)


def deploy(template: Path, parameters: Mapping[str, str], address: str = "") -> Deployment:
    """
    Deploy the SAM *template* to moto, in this process. The API's *address* is for the outputs.

    Raises:
        DeploymentError: The template is not valid or does not have exactly one REST API; or a parameter is unknown,
            missing or against its constraints; or Lambda would not accept a function's environment variables.
        UnsupportedApiError: The API uses a feature of API Gateway that `api_gateway` does not emulate.
    """
    translated = _translate(template, parameters)
    _check_parameters(translated, parameters)
    stack = create_stack(translated, parameters, STACK_NAME, REGION, address)
    put_role_policies(translated, stack)
    moto_patches.record_stack_policies()
    resolved = ResolvedTemplate(translated, stack, REGION)
    functions = resolved.functions(template.parent)
    _check_variables(functions)
    return Deployment(resolved.api(), functions, resolved.roles())


def _translate(template: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    try:
        return _without_aliases(translate(template, parameters, REGION))
    except InvalidDocumentException as error:
        raise DeploymentError("; ".join(cause.message for cause in error.causes)) from error


def _without_aliases(translated: dict[str, Any]) -> dict[str, Any]:
    """Return the template with aliases replaced by their functions, because each function has one version here."""
    text = json.dumps(translated)
    for logical_id, resource in translated["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Alias":
            function = resource["Properties"]["FunctionName"]["Ref"]
            text = text.replace(f"${{{logical_id}}}", f"${{{function}.Arn}}")
            text = text.replace(json.dumps({"Ref": logical_id}), json.dumps({"Fn::GetAtt": [function, "Arn"]}))
    replaced: dict[str, Any] = json.loads(text)
    return replaced


def _check_parameters(translated: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    known = translated.get("Parameters", {})
    for name in parameters:
        if name not in known:
            raise DeploymentError(f"The template has no parameter {name}. There are: {', '.join(known)}.")
    for name, parameter in known.items():
        if "Default" not in parameter and name not in parameters:
            raise DeploymentError(f"The template's parameter {name} needs a value.")
    errors = constraint_violations(known, parameters)
    errors = errors or failed_assertions(translated, {"AWS::Region": REGION, **parameters})
    if errors:
        raise DeploymentError(" ".join(errors))


def _override(function: Function, settings: Mapping[str, str]) -> Function:
    changed = {name: value for name, value in settings.items() if name in function.environment}
    return replace(function, environment={**function.environment, **changed})


def _check_variables(functions: Mapping[str, Function]) -> None:
    for logical_id, function in functions.items():
        for sentence in variable_errors(function.environment):
            raise DeploymentError(f"{logical_id}: {sentence}")
