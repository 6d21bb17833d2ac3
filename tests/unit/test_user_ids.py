"""The marks by which a change of user ids is seen change with all that ids are made of, and with nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizer.presets import PRESETS
from authorizer.settings import OPTIONS
from operations.user_ids import UNRELATED, id_marks

ENTRY = {"name": "main", "issuer": "https://id.example.com/", "audience": "my-app"}
RELATED = {
    "name", "preset", "issuer", "issuers_share_users", "subject_claim", "namespace", "keep_subject", "token_use",
    "user_pool_id", "domain", "authorization_server", "cloud", "tenant", "project_id", "tenant_id", "project_ref",
    "guests",
}  # fmt: skip


def marks(*entries: dict[str, Any]) -> frozenset[str]:
    return id_marks(json.dumps(entries))


def test_each_option_is_said_to_matter_or_not() -> None:
    known = set(OPTIONS).union(*(preset.option_names for preset in PRESETS.values()))

    assert known == RELATED | UNRELATED
    assert not RELATED & UNRELATED


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        pytest.param({"audience": "another"}, False, id="audience"),
        pytest.param({"name": "other"}, False, id="name, beside an issuer"),
        pytest.param({"required_scopes": ["chat"]}, False, id="scopes"),
        pytest.param({"keep_subject": True}, False, id="what an only provider does anyway"),
        pytest.param({"issuer": "https://other.example.com/"}, True, id="issuer"),
        pytest.param({"namespace": "users"}, True, id="namespace"),
        pytest.param({"keep_subject": False}, True, id="hashes"),
        pytest.param({"subject_claim": "oid"}, True, id="claim"),
    ],
)
def test_mark_changes_with_what_ids_are_made_of(change: dict[str, Any], *, matters: bool) -> None:
    assert (marks({**ENTRY, **change}) != marks(ENTRY)) is matters


def test_name_matters_where_there_is_no_issuer() -> None:
    without = {"name": "app", "preset": "shared-secret", "secret_arn": "arn:…"}

    assert marks(without) != marks({**without, "name": "other"})


def test_guests_change_nobody_s_id() -> None:
    guests = {"name": "guests", "issuer": "https://g.example.com/", "audience": "my-app", "guests": True}

    assert marks(ENTRY) < marks(ENTRY, guests)
    assert marks(guests) < marks(ENTRY, guests)
    assert marks({**guests, "guests": False}) != marks(guests)


def test_another_provider_ends_that_an_only_one_keeps_subjects() -> None:
    other = {"name": "other", "issuer": "https://b.example.com/", "audience": "my-app"}
    kept = {**ENTRY, "keep_subject": True}

    assert not marks(ENTRY) & marks(ENTRY, other)
    assert marks(kept) < marks(kept, other)


@pytest.mark.parametrize("providers", ["", "no JSON", "{}", "[1]"])
def test_what_are_no_providers_has_no_marks(providers: str) -> None:
    assert id_marks(providers) == frozenset()
