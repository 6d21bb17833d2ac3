"""Clients of the Chime SDK, an AppInstance, its users, a channel, and a meeting, for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_aws.meetings import HALL, join
from tests.integration.local_aws.messaging import create

if TYPE_CHECKING:
    from tests.integration.conftest import Aws


@pytest.fixture
def chime(aws: Aws) -> Any:
    return aws.client("chime-sdk-identity")


@pytest.fixture
def app_instance(chime: Any) -> str:
    """An AppInstance's ARN."""
    return str(chime.create_app_instance(Name="Demo")["AppInstanceArn"])


@pytest.fixture
def messaging(aws: Aws) -> Any:
    return aws.client("chime-sdk-messaging")


@pytest.fixture
def users(chime: Any, app_instance: str) -> dict[str, str]:
    """ARNs by id; eve is an administrator, nobody does not exist."""
    for name in ("ada", "bob", "carol", "eve"):
        chime.create_app_instance_user(AppInstanceArn=app_instance, AppInstanceUserId=name, Name=name.title())
    arns = {name: f"{app_instance}/user/{name}" for name in ("ada", "bob", "carol", "eve", "nobody")}
    chime.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=arns["eve"])
    return arns


@pytest.fixture
def channel(messaging: Any, app_instance: str, users: dict[str, str]) -> str:
    """The ARN of a private channel: Ada is its moderator, Ada and Bob are its members."""
    return create(messaging, app_instance, users["ada"], MemberArns=[users["bob"]])


@pytest.fixture
def meetings(aws: Aws) -> Any:
    return aws.client("chime-sdk-meetings")


@pytest.fixture
def meeting(meetings: Any) -> Any:
    """A meeting that goes on."""
    return meetings.create_meeting(**HALL)["Meeting"]


@pytest.fixture
def attendees(meetings: Any, meeting: Any) -> dict[str, Any]:
    """The attendees of the meeting, by name."""
    return {name: join(meetings, meeting["MeetingId"], name) for name in ("ada", "bob", "cyd")}
