"""A deployed stack on the local AWS, recorded answers for what that does not play, and the doctor's checks inside."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME, deploy
from local.stack import TEMPLATE
from operations.aws import session
from operations.cloudformation import stack as deployed_stack
from operations.doctor.checks import CHECKS
from operations.doctor.doctor import all_checks, examine
from operations.doctor.finding import Finding, Verdict
from operations.doctor.places import Inside
from operations.samconfig import SAMCONFIG
from operations.template import Template
from tests.recorded_aws import RecordedAws, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Aws

PROVIDERS = json.dumps([{"name": "main", "issuer": "https://id.example.com/", "audience": "my-app"}])
ENDPOINTS = ("CLOUDWATCH", "CLOUDWATCH_LOGS", "LAMBDA", "KMS", "SNS", "SERVICE_QUOTAS")
"""The services that the local AWS does not play, as botocore writes them in variables."""
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
"""A trust policy's statement that lets everybody of the account assume the role."""
SECONDS = 60.0
all_checks()


@dataclass
class Patient:
    """What the doctor looks at. `aws` is the local AWS, `recorded` is in the place of what that does not play."""

    aws: Aws
    recorded: RecordedAws
    recorded_url: str
    now: Callable[[], float] = time.time
    samconfig: Path = SAMCONFIG

    def deploy(self, **parameters: str) -> None:
        """Deploy the template."""
        roles = deploy(TEMPLATE, {"Providers": PROVIDERS, **parameters}, "http://127.0.0.1:3000").roles
        self.aws.endpoint.roles.update(roles)

    def role(self, logical_id: str) -> str:
        """Return the name of a role of the stack."""
        return self.aws.endpoint.roles[logical_id].rpartition("/")[2]

    def inside(self) -> Inside:
        """Return what the checks are given, with the credentials that the environment has."""
        signed_in = session(None, None)
        found = deployed_stack(signed_in, STACK_NAME)
        inside = Inside(signed_in, found, Template(), self.now)
        inside.samconfig = self.samconfig
        return inside

    def look(self, *names: str) -> list[Finding]:
        """Return what these checks find, or all of those inside."""
        inside = [each for each in CHECKS.values() if each.place == "inside"]
        chosen = [CHECKS[name] for name in names] if names else inside
        found = examine(chosen, {"inside": self.inside()}, SECONDS)
        return [finding for findings in found.values() for finding in findings]

    def wrong(self, *names: str) -> list[Finding]:
        """Return what of that is wrong."""
        return [each for each in self.look(*names) if each.verdict is Verdict.WRONG]


@pytest.fixture
def recorded() -> RecordedAws:
    return RecordedAws()


@pytest.fixture
def patient(aws: Aws, recorded: RecordedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    """A patient on whom nothing is deployed yet, as the account's owner sees it."""
    owner = aws.endpoint.admin_credentials()
    with serving(recorded) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        for service in ENDPOINTS:
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", owner["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", owner["SecretAccessKey"])
        yield Patient(aws, recorded, url)


@pytest.fixture
def change_trust(patient: Patient) -> Callable[[str, Callable[[Any], None]], None]:
    """Return a function that changes the trust policy of a role of the stack."""

    def change(role_name: str, edit: Callable[[Any], None]) -> None:
        iam = patient.aws.client("iam")
        document = iam.get_role(RoleName=role_name)["Role"]["AssumeRolePolicyDocument"]
        edit(document)
        iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(document))

    return change
