"""Random events, tokens, claims and headers: each is accepted, refused or an outage; no other exception escapes."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authorizer.clock import Clock
from authorizer.edge import Authorizer
from authorizer.errors import (
    AuthorizerError,
    CallerForbidden,
    KeysUnavailable,
    NoToken,
    TokenRefused,
)
from authorizer.request import unverified_token
from authorizer.settings import Settings
from authorizer.verifier import verify
from tests.anything import ENORMOUS, anything, encoded, likely, octets, thoroughly
from tests.providers import OURS, OUT_OF_REACH, PROVIDERS, SECRETS, TENANTS, TID
from tests.tokens import AUDIENCE, ISSUER, NOW, claims

if TYPE_CHECKING:
    from authorizer.claims import Caller

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/v1/POST/signin"
CLOCK = Clock(wall_clock=lambda: NOW)


times = st.integers(NOW - 100_000, NOW + 100_000) | anything
some_claims = st.fixed_dictionaries(
    {
        "iss": likely(*(issuer for one in PROVIDERS.all for issuer in one.issuers), TENANTS.format(tenantid=TID), None),
        "exp": st.integers(NOW - 61, NOW + 3600) | times,
        "aud": likely(AUDIENCE, [AUDIENCE]),
        "sub": likely("ada", 7),
    },
    optional={
        "iat": times,
        "nbf": times,
        "tid": likely(TID),
        "name": anything,
        "groups": likely(["moderator"]),
        "profile": likely({"name": "Ada"}),
        "use": likely({"kind": "id"}),
        "sts": anything,
        "scope": likely("openid chat"),
        "scp": likely(["chat"]),
        "access": likely({"roles": ["staff"]}),
        "access.roles": likely(["staff"]),
        "use.kind": likely("id"),
        "profile.name": anything,
        "verified": likely(True),  # noqa: FBT003 - a claim's value
    },
) | st.dictionaries(st.text(), anything)
some_header = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "zip", "jwk", "jku", "x5c", "cty"]) | st.text(), anything, max_size=3
)


def judged(token: str) -> Caller | AuthorizerError:
    """Return the caller of *token*, or what kept it from being one."""
    try:
        caller = verify(token, PROVIDERS, NOW)
    except (TokenRefused, CallerForbidden) as refused:
        return refused
    assert 1 <= len(caller.subject) <= 255
    assert caller.expires > NOW - 60
    json.dumps([caller.subject, caller.name, caller.namespace], ensure_ascii=False).encode()  # as Lambda will
    return caller


@thoroughly
@given(st.text() | octets.map(lambda raw: raw.decode("latin-1")) | st.from_regex(r"[\w.=-]*\.[\w-]*\.[\w-]*"))
@example("é.é.é")
@example("\ud800.a.a")
@example("AA.AA.AA\n")
@example("..")
def test_any_text_as_a_token_is_refused(text: str) -> None:
    assert isinstance(judged(text), TokenRefused)


@thoroughly
@given(some_claims)
@example(claims(iss=None, tid=TID))
@example({**claims(), "iss": None})
@example(claims(exp=1e999))
@example(claims(exp=10**400))
@example(claims(exp=-0.0))
def test_any_claims_that_were_really_signed_are_judged(signed: Any) -> None:
    header = {"alg": "EdDSA", "kid": OURS.jwk["kid"]} if signed.get("iss") else {"alg": "HS256"}
    token = (OURS if header["alg"] == "EdDSA" else SECRETS).token(encoded(signed), header)

    if signed.get("iss") == OUT_OF_REACH:
        with pytest.raises((KeysUnavailable, TokenRefused)):
            verify(token, PROVIDERS, NOW)
    else:
        judged(token)


@thoroughly
@given(some_header)
def test_any_header_that_was_really_signed_is_judged(changes: dict[str, Any]) -> None:
    judged(OURS.token(claims(), encoded({"alg": "EdDSA", "kid": OURS.jwk["kid"], **changes})))


@thoroughly
@given(octets | anything.map(encoded), st.booleans(), octets)
def test_anything_in_a_segment_is_refused(segment: bytes, in_header: bool, signature: bytes) -> None:  # noqa: FBT001 - hypothesis gives it
    header, payload = (segment, encoded(claims())) if in_header else (b'{"alg": "EdDSA"}', segment)

    refused = judged(OURS.token(payload, header).rpartition(".")[0] + "." + OURS.token(b"", signature).split(".")[0])
    assert isinstance(refused, TokenRefused)


header_names = st.sampled_from(["Authorization", "authorization", "AUTHORIZATION", "X-Other", ""])
wrapped = octets.map(lambda raw: f"Bearer {base64.b64encode(raw, b'-_').decode().rstrip('=')}")
header_values = (
    st.none() | st.text() | st.text().map("Bearer {}".format) | wrapped | st.sampled_from(["Bearer", "Basic x"])
)
events = st.fixed_dictionaries(
    {"methodArn": st.just(ARN)},
    optional={
        "headers": st.none() | st.dictionaries(header_names, header_values),
        "multiValueHeaders": st.none() | st.dictionaries(header_names, st.none() | st.lists(header_values, max_size=3)),
        "body": anything,
        "requestContext": anything,
    },
)


@thoroughly
@given(events)
@example({"headers": None, "multiValueHeaders": None})
@example({"headers": {"Authorization": None}})
@example({"multiValueHeaders": {"Authorization": None}})
@example({"headers": {"authorization": "Bearer \ud800"}})
def test_any_event_gives_a_token_or_says_why_not(event: dict[str, Any]) -> None:
    for accept_base64 in (True, False):
        with contextlib.suppress(NoToken, TokenRefused):
            assert isinstance(unverified_token(event, 8192, accept_base64=accept_base64), str)


ENTRY = {"name": "main", "issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": [dict(OURS.jwk)]}}
AUTHORIZER = Authorizer(Settings.from_environ({"PROVIDERS": json.dumps([ENTRY])}, CLOCK), CLOCK)


@thoroughly
@given(events)
@example({"methodArn": ARN, "headers": {"authorization": f"Bearer {OURS.token(claims())}"}})
def test_any_event_is_decided(event: dict[str, Any]) -> None:
    try:
        policy = AUTHORIZER.decide(event)
    except Exception as error:  # noqa: BLE001 - that it is no other is what is tested
        assert (type(error), str(error)) == (Exception, "Unauthorized")  # noqa: PT017 - as above
    else:
        [statement] = policy["policyDocument"]["Statement"]
        assert statement["Effect"] in {"Allow", "Deny"}
        assert all(isinstance(value, (str, int)) for value in policy["context"].values())


@pytest.mark.parametrize("text", ENORMOUS.values(), ids=ENORMOUS)
def test_enormous_segment_is_refused(text: str) -> None:
    for token in (OURS.token(text.encode()), OURS.token(claims(), text.encode())):
        assert isinstance(judged(token), TokenRefused)
