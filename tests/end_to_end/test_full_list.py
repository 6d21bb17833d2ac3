"""The end of the list of revoked users: the last who fits is revoked, the next is refused, and nobody comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.cloudformation.deployment import STACK_NAME
from local.stack import LocalStack, StackOptions
from tests.end_to_end.operators import PAUSE, assert_refused, finish, owner, restore, signed_in, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Client

LIST = f"/chime-signin/{STACK_NAME}/revoked-users"
IDS = [f"{number:08x}-1111-4222-8333-444444444444" for number in range(212)]
FITTING = 210
"""How many UUIDs fit, as docs/revocation.md says."""


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    settings = {"REVOKED_USERS_SECONDS": "0"}
    with LocalStack(StackOptions(parameters={"Revocation": "true"}, settings=settings, log=logs.append)) as running:
        yield running


def test_list_ends_with_210_uuids_and_a_refusal_that_says_how_many_to_restore(
    stack: LocalStack, client: Client
) -> None:
    ssm = owner(stack, "ssm")
    written = json.dumps(IDS[: FITTING - 1])
    ssm.put_parameter(Name=LIST, Value=written, Type="String", Tier="Intelligent-Tiering", Overwrite=True)

    status, printed = finish(start(stack, "revoke", IDS[FITTING - 1], "--pause", PAUSE))
    assert status == 0, printed
    assert "The list has room for about 0 more." in printed
    full = ssm.get_parameter(Name=LIST)["Parameter"]["Value"]
    assert json.loads(full) == IDS[:FITTING]

    status, printed = finish(start(stack, "revoke", *IDS[FITTING:], "--pause", PAUSE))
    assert status == 1
    assert "The list is full" in printed
    assert "Restore 2 whom your identity provider no longer lets in" in printed
    assert ssm.get_parameter(Name=LIST)["Parameter"]["Value"] == full
    for user in (IDS[0], IDS[FITTING - 1]):
        assert_refused(client.sign_in(client.token(sub=user)))
    assert signed_in(client, IDS[FITTING])["ChimeUserId"] == IDS[FITTING]

    restore(stack, IDS[0], IDS[1])
    status, printed = finish(start(stack, "revoke", *IDS[FITTING:], "--pause", PAUSE))
    assert status == 0, printed
    assert_refused(client.sign_in(client.token(sub=IDS[FITTING])))
