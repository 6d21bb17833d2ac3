"""The operation of a request to a Chime service, for paths and queries made of anything."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core.request import Request
from moto.core.utils import get_service_model

from local.aws.aws_request import SERVICES
from local.chime.routing import BARE_ARNS, match

WORDS = (
    "channels",
    "messages",
    "memberships",
    "tags",
    "meetings",
    "attendees",
    "app-instances",
    "admins",
    "readMarker",
)
ARN = "arn:aws:chime:us-east-1:123456789012:app-instance/a/channel/c"
OPERATIONS = [
    (service, name) for service in SERVICES["chime"] for name in sorted(get_service_model(service).operation_names)
]
segments = st.lists(st.sampled_from((*WORDS, "", ".", "..", ARN)) | st.text(max_size=3), max_size=6)
queries = st.lists(
    st.tuples(
        st.sampled_from(("operation", "scope", "Action", "x")),
        st.sampled_from(("search", "batch-create", "tag-resource", "redact", "", "x")) | st.text(max_size=3),
    ),
    max_size=3,
)


def request(method: str, path: str, query: list[tuple[str, str]]) -> Request:
    return Request(
        {"REQUEST_METHOD": method, "RAW_URI": path, "PATH_INFO": path, "QUERY_STRING": urlencode(query)},
        populate_request=False,
    )


def trait(service: str, operation: str) -> Any:
    return get_service_model(service).operation_model(operation).http_trait


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_operation_is_found_with_its_labels(service: str, operation: str) -> None:
    http = trait(service, operation)
    path = http.path.replace("{", "").replace("}", "%2Fx")
    found = match(service, request(http.method, path, [*http.query_args.items(), ("max-results", "1")]))
    assert found is not None
    assert found[0].name == operation
    assert all(value == f"{label}/x" for label, value in found[1].items())
    assert len(found[1]) == http.path.count("{")


def test_arns_may_have_bare_slashes() -> None:
    user = ARN.replace("channel/c", "user/ada")
    found = match("chime-sdk-messaging", request("GET", f"/channels/{ARN}/memberships/{user}/preferences", []))
    assert found is not None
    assert (found[0].name, found[1]) == ("GetChannelMembershipPreferences", {"channelArn": ARN, "memberArn": user})


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_label_that_is_an_arn_may_have_bare_slashes(service: str, operation: str) -> None:
    labels = re.findall(r"{(\w+)}", trait(service, operation).path)
    assert {label for label in labels if label.endswith("Arn")} <= BARE_ARNS.keys()


@given(method=st.sampled_from(("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")), parts=segments, query=queries)
@pytest.mark.parametrize("service", SERVICES["chime"])
def test_whatever_is_found_is_what_was_asked_for(
    service: str, method: str, parts: list[str], query: list[tuple[str, str]]
) -> None:
    path = "/" + "/".join(quote(part, safe="/" if part == ARN else "") for part in parts)
    found = match(service, request(method, path, query))
    if found is None:
        return
    http = trait(service, found[0].name)
    labels = {f"{{{label}}}": quote(value, safe="") for label, value in found[1].items()}
    assert unquote("/".join(labels.get(part, part) for part in http.path.split("/"))) == unquote(path)
    assert http.method == method
    assert http.query_args.items() <= dict(query).items()
