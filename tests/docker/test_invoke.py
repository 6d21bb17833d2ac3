"""The built functions, one event at a time, through `sam local invoke`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker import sam
from tests.docker.events import authorizer_event, rooms_event, signin_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docker.cloud import Cloud

    Ask = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def authorizer(cloud: Cloud, flags: list[str]) -> Ask:
    return lambda token: sam.invoke("AuthorizerFunction", authorizer_event(token), cloud, flags)


def test_caller_whom_the_authorizer_allows_gets_credentials(authorizer: Ask, cloud: Cloud, flags: list[str]) -> None:
    token = cloud.token()
    policy = authorizer(token)
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"

    answer = sam.invoke("SigninFunction", signin_event(token, policy["context"]), cloud, flags)

    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["ChimeUserId"] == "ada"


def test_caller_whom_the_authorizer_allows_enters_a_room(authorizer: Ask, cloud: Cloud, flags: list[str]) -> None:
    token = cloud.token()
    policy = authorizer(token)

    answer = sam.invoke("RoomsFunction", rooms_event(token, policy["context"]), cloud, flags)

    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["Attendee"]["ExternalUserId"] == "ada"


def test_expired_token_is_denied(authorizer: Ask, cloud: Cloud) -> None:
    policy = authorizer(cloud.token(expires_in=-60))
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert policy["context"]["reason"] == "token_expired"


def test_token_of_an_application_with_a_shared_secret_is_allowed(authorizer: Ask, cloud: Cloud) -> None:
    policy = authorizer(cloud.shared_secret_token({"id": 7, "full_name": "Grace Hopper", "exp": 4_000_000_000}))
    assert policy["context"]["name"] == "Grace Hopper"


def test_function_that_raises_is_not_taken_for_a_success(cloud: Cloud, flags: list[str]) -> None:
    with pytest.raises(sam.SamError, match="Unauthorized"):
        sam.invoke("AuthorizerFunction", {**authorizer_event(""), "headers": {}, "multiValueHeaders": {}}, cloud, flags)
