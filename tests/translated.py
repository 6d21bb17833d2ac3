"""Translate and deploy template.yaml for sets of parameters, and say which of its resources then exist."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import deploy
from local.cloudformation.template import translate
from local.stack import TEMPLATE
from tests.reference import as_list

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from moto.iam.models import Role

    from local.cloudformation.deployment import Deployment

REGION, ACCOUNT = "us-east-1", "123456789012"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"
APP_INSTANCE = f"arn:aws:chime:{REGION}:{ACCOUNT}:app-instance/37e9754f"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"

LEAST = {"Providers": '[{"name": "main", "issuer": "https://id.example.com/", "audience": "my-app"}]'}
"""The parameters that have to be given."""
EVERYTHING = {
    "AppInstanceName": "Chat",
    "Providers": f'[{{"name": "main", "preset": "shared-secret", "secret_arn": "{SECRET}"}}]',
    "SharedSecretArn": SECRET,
    "SharedSecretKeyArn": KEY,
    "Messaging": "member",
    "ContactList": "true",
    "Meetings": "hosted",
    "MeetingOptions": '{"media_region": "eu-west-1", "video": "fhd"}',
    "PushNotificationsAppArn": f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/0123456789abcdef",
    "UserRoleArns": f"arn:aws:iam::{ACCOUNT}:role/moderator,arn:aws:iam::{ACCOUNT}:role/staff/owner",
    "AddedUserActions": "s3:GetObject,s3:PutObject",
    "Guests": "true",
    "SessionEndsWithToken": "true",
    "SourceIdentity": "true",
    "Revocation": "true",
    "AcceptBase64Tokens": "true",
    "AllowedOrigins": "https://app.example.com,https://localhost:9000",
    "RequestsPerAddress": "100",
    "AllowedSourceRanges": "192.0.2.0/24,198.51.100.7/32",
    "DomainName": "signin.example.com",
    "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
    "HostedZoneId": "Z0123456789ABC",
    "ReservedConcurrency": "50",
    "LogLevel": "WARNING",
    "LogKeyArn": KEY,
    "AccessLog": "on-with-account-role",
    "Tracing": "true",
    "AlarmEmail": "operators@example.com",
    "Dashboard": "true",
}
"""Everything optional is on."""
ALTERNATIVES = {
    "ChimeAppInstanceArn": APP_INSTANCE,
    "Providers": '[{"name": "main", "preset": "firebase", "project_id": "my-project"}]',
    "Meetings": "open",
    "WebAclArn": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/mine/1",
    "AccessLog": "on",
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:operators",
    "GuestDays": "7",
    "SessionSeconds": "900",
    "LongestToken": "4096",
    "ThrottlingRate": "5",
    "ThrottlingBurst": "10",
    "MemorySize": "512",
    "LogRetentionDays": "7",
    "LatencyAlarmMilliseconds": "5000",
    "RefusedTokensLimit": "50",
    "MetricsNamespace": "ChimeSigninDev",
}
"""For options that exclude each other: the one that EVERYTHING lacks. Numbers differ from their defaults."""
SETS = {"with the required": LEAST, "with everything": EVERYTHING, "with the alternatives": ALTERNATIVES}
"""The sets for which tests run. Tests check that these cover each parameter and condition."""


@cache
def source() -> dict[str, Any]:
    """Return template.yaml as it is written."""
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return parsed


class Translated:
    """The translation of *template* under *parameters*."""

    def __init__(self, parameters: Mapping[str, str], template: Path = TEMPLATE) -> None:
        self.template = translate(template, parameters, REGION)
        defaults = {name: declared.get("Default", "") for name, declared in self.template["Parameters"].items()}
        self._values = {**defaults, "AWS::Region": REGION, **parameters}

    def resources(self, type_name: str = "") -> dict[str, dict[str, Any]]:
        """Return the resources, of one type or of all, that are there under these parameters."""
        return {
            name: resource
            for name, resource in self.template["Resources"].items()
            if self._is_there(resource) and resource["Type"].startswith(type_name)
        }

    def of(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties, each `Fn::If` decided."""
        decided: dict[str, Any] = self._decided(self.template["Resources"][logical_id]["Properties"])
        return decided

    def holds(self, condition: str) -> bool:
        """Tell whether the condition of that name holds."""
        return self._holds({"Condition": condition})

    def _is_there(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self.holds(resource["Condition"])

    def _decided(self, value: Any) -> Any:
        if isinstance(value, list):
            return [one for one in map(self._decided, value) if one != {"Ref": "AWS::NoValue"}]
        if not isinstance(value, dict):
            return value
        if "Fn::If" in value:
            condition, true, false = value["Fn::If"]
            return self._decided(true if self.holds(condition) else false)
        decided = {name: self._decided(one) for name, one in value.items()}
        return {name: one for name, one in decided.items() if one != {"Ref": "AWS::NoValue"}}

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        ((function, operands),) = condition.items()
        if function == "Condition":
            return self._holds(self.template["Conditions"][operands])
        if function == "Fn::Equals":
            one, other = map(self._text, operands)
            return one == other
        results = [self._holds(operand) for operand in operands]
        return {"Fn::And": all(results), "Fn::Or": any(results), "Fn::Not": not results[0]}[function]

    def _text(self, operand: Any) -> str:
        if not isinstance(operand, dict):
            return str(operand)
        # The conditions use Fn::Join only to see whether a list parameter is empty.
        return str(self._values[operand.get("Ref") or operand["Fn::Join"][1]["Ref"]])


def deployed(parameters: Mapping[str, str]) -> tuple[Deployment, dict[str, list[dict[str, Any]]]]:
    """Deploy template.yaml into moto; return the deployment, and each role's statements by logical id."""
    deployment, roles = _roles(parameters)
    return deployment, {
        name: [one for text in role.policies.values() for one in statements(text)] for name, role in roles
    }


def trusted(parameters: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Deploy template.yaml into moto; return the statements of each role's trust policy by logical id."""
    return {name: statements(role.assume_role_policy_document) for name, role in _roles(parameters)[1]}


def _roles(parameters: Mapping[str, str]) -> tuple[Deployment, list[tuple[str, Role]]]:
    with closing(AwsEndpoint()):
        deployment = deploy(TEMPLATE, parameters)
        roles = {role.arn: role for role in iam_backends[ACCOUNT]["aws"].roles.values()}
    return deployment, [(name, roles[arn]) for name, arn in deployment.roles.items()]


def statements(policy: str) -> list[dict[str, Any]]:
    """Return a policy's statements, with lists for actions and resources."""
    lists = ("Action", "NotAction", "Resource")
    return [
        statement | {name: as_list(statement[name]) for name in lists if name in statement}
        for statement in json.loads(policy)["Statement"]
    ]


def findings(templates: Collection[Mapping[str, Any]], folder: Path, regions: tuple[str, ...] = (REGION,)) -> list[str]:
    """Return what cfn-lint finds, as rule ids with what they say."""
    files = [folder / f"template-{number}.json" for number, _ in enumerate(templates)]
    for file, template in zip(files, templates, strict=True):
        file.write_text(json.dumps(template))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", "--regions", *regions, "--"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return [f"{found['Rule']['Id']} {found['Message']}" for found in json.loads(done.stdout)]
