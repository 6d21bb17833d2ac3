"""Every command says which stack, region and account it means before it changes anything there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from botocore.session import Session

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION, STACK_NAME
from local.stack import LocalStack, StackOptions
from tests.end_to_end.conftest import Client
from tests.end_to_end.operators import commands, finish, owner, signed_in, start

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_ONLY = {"revoked", "try-out"}
SERVICES = ("chime-sdk-identity", "cloudformation", "iam", "ssm")
READS = re.compile("^(Batch)?(Describe|Get|List|Lookup|Search|Simulate|Detect|Estimate|Validate)")
CHANGES = {
    operation
    for service in SERVICES
    for operation in Session().get_service_model(service).operation_names
    if not READS.match(operation)
}
LIST = f"/chime-signin/{STACK_NAME}/revoked-users"
APPLICATION = "arn:aws:mobiletargeting:us-east-1:123456789012:apps/0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def refusing() -> Iterator[LocalStack]:
    """A stack in which each command has something to change (ada is there and revoked), and AWS refuses all changes."""
    options = StackOptions(
        parameters={"Revocation": "true", "PushNotificationsAppArn": APPLICATION}, log=lambda _: None
    )
    with LocalStack(options) as running:
        client = Client(running.urls)
        signed_in(client, "ada")
        owner(running, "ssm").put_parameter(Name=LIST, Value='["ada"]', Type="String")
        for operation in CHANGES:
            client.fault(operation, error="AccessDenied", status=403, times=-1)
        yield running


def test_there_are_commands_that_change_something() -> None:
    assert {name for name, *_ in commands()} >= READ_ONLY | {"revoke", "restore", "erase", "delete", "push-role"}


@pytest.mark.parametrize("command", commands(), ids=lambda command: command[0])
def test_command_says_which_stack_it_is_before_it_changes_anything(
    refusing: LocalStack, command: tuple[str, ...]
) -> None:
    """A command that began with a change would be refused, and not come to say anything."""
    client = Client(refusing.urls)
    client.control("DELETE", "aws", "/local/calls")
    at_once = ["--pause", "0"] if command[0] in ("revoke", "erase") else []
    confirmed = {"CONFIRM": STACK_NAME if command[0] == "delete" else "ada", "KEEP_OUT": "1"}

    _, printed = finish(start(refusing, *command, *at_once, variables=confirmed))

    assert printed.splitlines()[0] == f"Stack {STACK_NAME} in {REGION}, account {ACCOUNT}."
    tried = CHANGES & {call["operation"] for call in client.calls()}
    assert bool(tried) is (command[0] not in READ_ONLY), printed
