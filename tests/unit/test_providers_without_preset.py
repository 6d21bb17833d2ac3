"""Identity providers that need no preset sign their users in by the settings that the documentation says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizer.clock import Clock
from authorizer.errors import TokenRefused
from authorizer.settings import Settings
from authorizer.verifier import verify
from tests.shape import Shape, decide
from tests.shapes_without_preset import NEIGHBOURS
from tests.tokens import NOW, ec_signer


@pytest.mark.parametrize("shape", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_token_signs_in(shape: Shape) -> None:
    caller = decide(shape)

    assert caller.subject == shape.claims[shape.options.get("subject_claim", "sub")]
    assert {name: getattr(caller, name) for name in shape.caller} == shape.caller
    assert shape.source.startswith("https://")


@pytest.mark.parametrize(
    ("name", "claims", "reason"),
    [
        pytest.param("Entra External ID", {"scp": None, "roles": ["x"]}, "wrong_type", id="External ID: a machine"),
        pytest.param("Azure AD B2C", {"tfp": "B2C_1_reset"}, "wrong_type", id="B2C: another policy"),
        pytest.param("Azure AD B2C", {"aud": "other"}, "wrong_audience", id="B2C: another application"),
        pytest.param("WorkOS", {"sid": None}, "wrong_type", id="WorkOS: no session"),
        pytest.param("Zitadel", {"aud": ["other@chat", "1"]}, "wrong_audience", id="Zitadel: another project"),
        pytest.param(
            "Authentik",
            {"iss": "https://auth.example.com/application/o/wiki/"},
            "unknown_issuer",
            id="Authentik: another application",
        ),
        pytest.param("Ory", {"sub": NEIGHBOURS["Ory"].claims["client_id"]}, "wrong_type", id="Ory: a machine"),
    ],
)
def test_stranger_is_refused(name: str, claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefused, match=reason):
        decide(NEIGHBOURS[name], claims)


def test_load_balancer_s_token_is_none() -> None:
    """Of an Application Load Balancer's `x-amzn-oidc-data`: padded base64, which no JWT has (RFC 7515, 2)."""
    # Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/chat/50dc6c495c0c9188"
    signer = ec_signer()
    claims = {"iss": "https://id.example.com/", "sub": "ada", "exp": NOW + 120}
    token = signer.token(claims, typ="JWT", signer=arn, client="my-app", exp=NOW + 120, iss=claims["iss"])
    entry = {"name": "main", "issuer": claims["iss"], "audience": "my-app", "jwks": {"keys": [dict(signer.jwk)]}}
    settings = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock())

    padded = ".".join(part + "=" * (-len(part) % 4) for part in token.split("."))
    assert padded != token
    for unverified, reason in ((padded, "malformed_token"), (token, "wrong_audience")):
        with pytest.raises(TokenRefused, match=reason):
            verify(unverified, settings.providers, NOW)
