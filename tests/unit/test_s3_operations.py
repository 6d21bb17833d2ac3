"""The tables of S3: what is served, which permission it requires, and what no bucket can be called."""

from __future__ import annotations

import itertools

import pytest
from moto.core.utils import get_service_model

from local.aws.aws_request import CONNECT, SERVICES
from local.aws.control import PREFIX
from local.aws.meeting_connections import PREFIX as CALLS
from local.aws.s3_operations import OPERATIONS, not_served, permission
from local.aws.s3_requests import BUCKET_NAME, RESERVED
from tests.reference import is_known, types_of

MODEL = get_service_model("s3")


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_operation_is_on_what_the_reference_says(operation: str) -> None:
    found = permission(operation, "files", "ada/1")
    assert found is not None
    action, resource = found
    kinds = {"object"} if resource.endswith("/ada/1") else {"bucket"} if resource != "*" else set()
    assert is_known(action)
    assert types_of(action) - {"accesspoint", "accesspointobject"} == kinds


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_listed_parameters_are_the_operations(operation: str) -> None:
    shape = MODEL.operation_model(operation).input_shape
    members = set(shape.members) if shape else set()
    assert OPERATIONS[operation].parameters <= members
    assert OPERATIONS[operation].on_object == ("Key" in members)


def test_what_is_not_listed_is_named() -> None:
    assert not_served("PutObject", {"Bucket": "files", "Key": "1", "Body": b"", "Metadata": {}}) is None
    assert not_served("PutObject", {"Bucket": "files", "Key": "1", "Tagging": "a=b"}) == "PutObject with Tagging"
    assert not_served("CopyObject", {}) == "CopyObject"
    assert permission("CopyObject", "files", "1") is None


def test_reserved_are_all_names_with_which_paths_of_other_services_begin() -> None:
    others = [name for name in itertools.chain(*SERVICES.values()) if name != "s3"]
    models = [get_service_model(name) for name in others]
    paths = [model.operation_model(name).http["requestUri"] for model in models for name in model.operation_names]
    first = {path.partition("?")[0].split("/")[1] for path in (*paths, f"/{CONNECT.lower()}", PREFIX, CALLS)}
    assert {name for name in first if BUCKET_NAME.fullmatch(name)} == RESERVED
