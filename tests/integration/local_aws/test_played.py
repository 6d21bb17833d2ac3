"""What docs/local-aws.md lists as not there is answered with 501, and what it lists as there is not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.utils import get_service_model

from tests import inventory
from tests.integration.clients import HTTP

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

SERVICES = ("chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings")


def status_of(aws: Aws, service: str, operation: str) -> int:
    """Return the status of a request for *operation* in which everything is called `x`."""
    model = get_service_model(service)
    http = model.operation_model(operation).http
    path = re.sub(r"\{\w+\+?\}", "x", http["requestUri"])
    owner = aws.endpoint.admin_credentials()
    # By the host, because the Chime services have some paths in common.
    headers = {"Host": f"{model.endpoint_prefix}.us-east-1.amazonaws.com", "x-amz-chime-bearer": "x"}
    request = AWSRequest(http["method"], f"{aws.url}{path}", headers, json.dumps({}))
    SigV4Auth(Credentials(owner["AccessKeyId"], owner["SecretAccessKey"]), "chime", "us-east-1").add_auth(request)
    return HTTP.request(http["method"], str(request.url), headers=dict(request.headers.items()), body=b"{}").status


@pytest.mark.parametrize("service", SERVICES)
def test_operations_answer_as_they_are_listed(service: str, aws: Aws) -> None:
    played, missing = inventory.operations(service)
    answers = {operation: status_of(aws, service, operation) for operation in (*played, *missing)}
    assert {operation for operation, status in answers.items() if status == 501} == set(missing)
    assert {status for status in answers.values() if status >= 500} <= {501}
