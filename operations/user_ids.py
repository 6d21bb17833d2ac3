"""Tell from Providers whether user ids are still made as they were: a person with another id is another user."""

from __future__ import annotations

import hashlib
import json
from typing import Any

MAX_MARKS = 80
UNRELATED = frozenset(
    {
        "algorithms", "also_accept", "any_audience", "audience", "audience_claim", "authorized_parties",
        "client_claims", "client_id", "clients", "clock_skew_seconds", "forbidden_claim_names",
        "forbidden_claim_values", "host_roles", "jwks", "jwks_uri", "listen_only_roles",
        "machine_subject_suffix", "max_lifetime_seconds",
        "max_subject_length", "name_claims", "pem", "previous_secret_seconds", "required_claim_names",
        "required_claim_values", "required_claims", "required_roles", "required_scopes", "roles_claim", "rooms_claim",
        "secret_arn",
        "secret_encoding", "secret_json_field", "secret_until", "token_types", "user_roles", "user_roles_claim",
    }
)  # fmt: skip
"""Options that no id depends on. Whatever is not here counts, so a new option is rather suspected than overlooked."""


def id_marks(providers: str) -> frozenset[str]:
    """Return a short hash for each entry of *providers*, the parameter, of what its users' ids are made of."""
    try:
        entries = json.loads(providers)
    except ValueError:
        return frozenset()
    if not isinstance(entries, list):
        return frozenset()
    listed = [each for each in entries if isinstance(each, dict)]
    # An only provider keeps subjects unless it says otherwise, so adding another one can change its users' ids. Guests
    # do not count: they never keep their subjects.
    is_only = sum(not each.get("guests") for each in listed) == 1
    return frozenset([_mark(each, is_only=is_only and not each.get("guests")) for each in listed][:MAX_MARKS])


def _mark(entry: dict[str, Any], *, is_only: bool) -> str:
    related = {name: value for name, value in entry.items() if name not in UNRELATED}
    related.setdefault("keep_subject", is_only)
    if {"issuer", "namespace"} & related.keys() or related.get("preset", "shared-secret") != "shared-secret":
        related.pop("name", None)  # only a provider without an issuer is told from others by its name
    return hashlib.sha256(json.dumps(related, sort_keys=True).encode()).hexdigest()[:8]
