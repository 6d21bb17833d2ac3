"""A good token whose user may not enter: an Allow for any route, so that each function behind it has to say no."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from local.stack import LocalStack, StackOptions
from tests.tokens import AUDIENCE, ISSUER, claims, rsa_signer
from tests.translated import SETS, Translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Client

SIGNER = rsa_signer("RS256")
PROVIDER = {
    "name": "main",
    "issuer": ISSUER,
    "audience": AUDIENCE,
    "jwks": {"keys": [SIGNER.jwk]},
    "required_roles": ["staff"],
    "roles_claim": "roles",
}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    with LocalStack(
        StackOptions(parameters={"Providers": json.dumps([PROVIDER]), "Meetings": "open"}, log=logs.append)
    ) as running:
        yield running


def token(*roles: str) -> str:
    now = int(time.time())
    return SIGNER.token(claims(roles=list(roles), iat=now, exp=now + 600))


def guarded(stack: LocalStack) -> set[tuple[str, str]]:
    return {(route.method, route.path) for route in stack.deployment.api.routes if route.authorizer}


def test_stack_has_every_route_of_the_template_that_asks_for_a_token(stack: LocalStack) -> None:
    bodies = [Translated(parameters).of("Api")["Body"] for parameters in SETS.values()]
    asking = {
        (method.upper(), path)
        for body in bodies
        for path, operations in body["paths"].items()
        for method, operation in operations.items()
        if {"NONE": []} not in operation.get("security", [])
    }

    assert guarded(stack) == asking


def test_caller_without_the_role_is_forbidden_on_every_route(stack: LocalStack, client: Client) -> None:
    answers = {}
    for method, path in guarded(stack):
        sent = ("POST" if method == "ANY" else method), re.sub(r"\{.*?\}", "x1", path)
        answers[sent] = client.call(*sent, [("Authorization", f"Bearer {token('guest')}")], b"")

    assert answers
    assert {sent: (answer.status, answer.body["error"], answer.body["reason"]) for sent, answer in answers.items()} == (
        dict.fromkeys(answers, (403, "forbidden", "missing_role"))
    )
    # A started function opens connections, which asks for nothing.
    assert [call["operation"] for call in client.calls() if call["operation"]] == []


def test_caller_with_the_role_enters(client: Client) -> None:
    assert client.sign_in(token("guest", "staff")).status == 200
