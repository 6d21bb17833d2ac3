"""The policies of docs/attachments.md, judged by the local AWS's evaluator together with those of the stack."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws.policies import documents
from local.aws.policies.evaluation import Access, Decision, decide, decide_on_resource
from local.aws.policies.principals import Principal
from tests.translated import ACCOUNT, LEAST, deployed, findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.aws.policies.documents import Statement

PAGE = (Path(__file__).parents[2] / "docs" / "attachments.md").read_text()
TEMPLATE, ANSWERS = (yaml_parse(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
BUCKET = "arn:aws:s3:::files"
ROLES = f"arn:aws:iam::{ACCOUNT}:role/"
SESSIONS = f"arn:aws:sts::{ACCOUNT}:assumed-role/"
ADA: dict[str, tuple[str, ...]] = {"aws:principaltag/useruuid": ("ada",), "aws:securetransport": ("true",)}


@cache
def roles(*, added: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of the stack's roles, with the page's AddedUserActions or without."""
    return deployed({**LEAST, "Guests": "true", **(ANSWERS if added else {})})[1]


def own(role: str, *, added: bool = True) -> tuple[Statement, ...]:
    return documents.parse(json.dumps({"Version": "2012-10-17", "Statement": roles(added=added)[role]}))


def filled(value: Any) -> Any:
    """Return the bucket policy as CloudFormation fills it in: for `UserRole`, and a bucket named files."""
    if isinstance(value, list):
        return [filled(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Sub" in value:
        return value["Fn::Sub"].replace("${Files.Arn}", BUCKET).replace("${!", "${")
    if "Fn::GetAtt" in value:
        return BUCKET
    return ROLES + "UserRole" if "Ref" in value else {name: filled(one) for name, one in value.items()}


def of_bucket() -> tuple[Statement, ...]:
    document = filled(TEMPLATE["Resources"]["FilesPolicy"]["Properties"]["PolicyDocument"])
    return documents.parse_bucket_policy(json.dumps(document))


def allows(
    role: str, action: str, key: str, *, context: Mapping[str, tuple[str, ...]] = ADA, added: bool = True
) -> bool:
    """Tell whether a session may do this in one account: one of the two policies allows it, and neither denies it."""
    session = Principal(ACCOUNT, frozenset({ROLES + role, f"{SESSIONS}{role}/chime_ada"}))
    access = Access(action, f"{BUCKET}/{key}", context)
    return decide_on_resource(own(role, added=added), of_bucket(), session, access)[0] is Decision.ALLOWED


@pytest.mark.parametrize(
    ("action", "key", "allowed"),
    [
        pytest.param("s3:PutObject", "ada/1", True, id="write one's own"),
        pytest.param("s3:PutObject", "bob/1", False, id="write another's"),
        pytest.param("s3:PutObject", "ada", False, id="write beside the folders"),
        pytest.param("s3:PutObject", "adam/1", False, id="write into a folder whose name begins like one's own"),
        pytest.param("s3:GetObject", "ada/1", True, id="read one's own"),
        pytest.param("s3:GetObject", "bob/1", True, id="read another's"),
        pytest.param("s3:DeleteObject", "ada/1", False, id="delete one's own"),
        pytest.param("s3:PutObjectAcl", "ada/1", False, id="give one's own to others"),
        pytest.param("s3:ListBucket", "", False, id="list"),
    ],
)
def test_user_may_do_what_the_page_says(action: str, key: str, *, allowed: bool) -> None:
    assert allows("UserRole", action, key) is allowed


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject"])
def test_without_the_added_actions_the_bucket_policy_opens_nothing(action: str) -> None:
    assert not allows("UserRole", action, "ada/1", added=False)


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject"])
def test_guest_may_neither_write_nor_read_whatever_the_bucket_policy_says(action: str) -> None:
    assert decide(own("GuestRole"), Access(action, f"{BUCKET}/ada/1", ADA)) is Decision.EXPLICIT_DENY


def test_session_without_a_user_writes_nothing() -> None:
    assert not allows("UserRole", "s3:PutObject", "/1", context={**ADA, "aws:principaltag/useruuid": ()})


def test_nothing_goes_without_tls() -> None:
    assert not allows("UserRole", "s3:GetObject", "ada/1", context={**ADA, "aws:securetransport": ("false",)})


def test_template_of_the_bucket_has_no_fault(tmp_path: Path) -> None:
    assert findings([TEMPLATE], tmp_path) == []
