"""The list of who was cut off, and the Deny, stand outside the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.deployment import STACK_NAME
from local.stack import Options, Stack
from tests.end_to_end.operators import assert_refused, may_act, owner, revoke, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Client


# Of its own: once moto has updated a stack, it cannot describe all of it any more.
@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[Stack]:
    options = Options(parameters={"Revocation": "true"}, settings={"REVOKED_USERS_SECONDS": "0"}, log=logs.append)
    with Stack(options) as running:
        yield running


def test_redeploying_restores_nobody(stack: Stack, client: Client) -> None:
    frank = signed_in(client, "frank")
    revoke(stack, "frank")
    cloudformation = owner(stack, "cloudformation")
    before = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["Parameters"]
    changed = [each for each in before if each["ParameterKey"] != "LogRetentionDays"]

    cloudformation.update_stack(
        StackName=STACK_NAME,
        UsePreviousTemplate=True,
        Parameters=[*changed, {"ParameterKey": "LogRetentionDays", "ParameterValue": "7"}],
    )

    assert_refused(client.sign_in(client.token(sub="frank")))
    assert not may_act(stack, frank)
