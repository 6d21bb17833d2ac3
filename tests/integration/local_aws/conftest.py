"""A client of Chime SDK identity, and an AppInstance, for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Aws


@pytest.fixture
def chime(aws: Aws) -> Any:
    return aws.client("chime-sdk-identity")


@pytest.fixture
def app_instance(chime: Any) -> str:
    """An AppInstance's ARN."""
    return str(chime.create_app_instance(Name="Demo")["AppInstanceArn"])
