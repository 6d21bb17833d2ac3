"""
Tests against a deployed stack, with the AWS account of whoever runs them: `AWS_SAM_STACK_NAME=… make e2e`.

They ask only what needs no token of the stack's identity provider, and change nothing.
"""

from __future__ import annotations

import os

import boto3
import pytest


@pytest.fixture(scope="session")
def signin_url() -> str:
    """Return the stack's SigninUrl."""
    name = os.environ.get("AWS_SAM_STACK_NAME")
    if not name:
        pytest.exit("Say which stack: AWS_SAM_STACK_NAME=chime-signin make e2e", returncode=2)
    stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return outputs["SigninUrl"]
