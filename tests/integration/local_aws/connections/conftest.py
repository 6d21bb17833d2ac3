"""The local AWS over HTTPS, two users, and a URL with which Ada may connect."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from local.http.certificate import self_signed
from local.http.server import Server
from tests.integration.local_aws.connections.presigned import PINNED, credentials_of, presigned_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws.endpoint import AwsEndpoint
    from tests.integration.conftest import Aws


@pytest.fixture
def server(endpoint: AwsEndpoint) -> Iterator[Server]:
    """The local AWS, over HTTPS too."""
    with closing(Server(endpoint, tls=self_signed())) as running:
        yield running


@pytest.fixture
def users(chime: Any, app_instance: str) -> dict[str, str]:
    for name in ("ada", "bob"):
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=name, Name=name.title())
    return {name: f"{app_instance}/user/{name}" for name in ("ada", "bob", "nobody")}


@pytest.fixture
def role(aws: Aws) -> str:
    """The ARN of a role whose sessions are allowed everything as the user that their tag names."""
    return aws.role("user", PINNED)


@pytest.fixture
def ada(aws: Aws, role: str, users: dict[str, str]) -> str:
    """A good URL."""
    return presigned_url(aws, users["ada"], credentials_of(aws, role, "ada"))
