"""Without Revocation=true no sign-in reads a list, and the command says what to deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.operators import finish, start

if TYPE_CHECKING:
    from local.stack import LocalStack
    from tests.end_to_end.conftest import Client


def test_sign_in_reads_no_list(client: Client) -> None:
    assert client.sign_in(client.token(sub="ada")).status == 200

    assert "GetParameter" not in [call["operation"] for call in client.calls()]


def test_command_says_what_to_deploy_and_changes_nothing(stack: LocalStack, client: Client) -> None:
    status, printed = finish(start(stack, "revoke", "ada"))

    assert status == 1
    assert "with Revocation=true first" in printed
    assert {call["operation"] for call in client.calls()} == {"DescribeStacks", "DescribeStackResource"}
