"""A good token, then one change at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.algorithms import ASYMMETRIC
from authorizer.claims import Caller
from authorizer.errors import CallerForbidden, KeysUnavailable, TokenRefused
from authorizer.key_sources import FixedKeys
from authorizer.keys import key_set, secret_key
from authorizer.providers import Entrance, KeySource, KindOfToken, Provider, Providers, UserRoles
from authorizer.verifier import verify
from tests.tokens import (
    AUDIENCE,
    ISSUER,
    NOW,
    SECRET,
    Signer,
    base64url,
    claims,
    ec_signer,
    ed25519_signer,
    hmac_signer,
    rsa_signer,
    tampered,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

RSA = rsa_signer()
EC = ec_signer()
ED = ed25519_signer()
STRANGER = rsa_signer(number=2)
KIND = KindOfToken(types=frozenset({"jwt", "at+jwt"}))


def keys_of(*signers: Signer) -> FixedKeys:
    return FixedKeys(key_set({"keys": [signer.jwk for signer in signers]}, ASYMMETRIC))


def provider(**changes: Any) -> Provider:
    good: dict[str, Any] = {
        "name": "main",
        "issuers": (ISSUER,),
        "audiences": (AUDIENCE,),
        "audience_claim": "aud",
        "algorithms": ASYMMETRIC,
        "keys": keys_of(RSA, EC),
        "kind": KIND,
        "entrance": Entrance(),
        "subject_claim": "sub",
        "longest_subject": 255,
        "name_claims": ("name", "nickname"),
        "id_scope": ISSUER,
        "plain": True,
        "user_roles": UserRoles(),
        "skew": 60,
        "longest_lifetime": None,
        "least_remaining": 0,
    }
    return Provider(**{**good, **changes})


def shared_secret(**changes: Any) -> Provider:
    own: dict[str, Any] = {
        "name": "own",
        "issuers": (),
        "audiences": (),
        "algorithms": ("HS256",),
        "keys": SecretVersions(SECRET),
        "subject_claim": "id",
        "name_claims": ("full_name",),
        "id_scope": "own",
    }
    return provider(**{**own, **changes})


class SecretVersions:
    """A key source that holds secrets."""

    def __init__(self, *secrets: bytes) -> None:
        self._keys = tuple(secret_key(secret, "HS256") for secret in secrets)

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[Any]:
        assert kid is None
        assert algorithm == "HS256"
        return iter(self._keys)

    def warm_up(self) -> None:
        pass


class OutOfReach:
    """A key source that cannot be asked."""

    def candidates(self, kid: str | None, algorithm: str, issuer: str | None) -> Iterator[Any]:
        raise KeysUnavailable("out of reach")

    def warm_up(self) -> None:
        pass


def signed_by(signer: Signer, **changes: Any) -> str:
    return signer.token(claims(**changes))


def refusal(token: str, *providers: Provider, now: float = NOW) -> str:
    with pytest.raises(TokenRefused) as caught:
        verify(token, Providers(providers or (provider(),)), now)
    return caught.value.reason.code


def test_good_token_gives_its_caller() -> None:
    caller = verify(signed_by(RSA), Providers((provider(),)), NOW)

    assert caller == Caller(
        provider="main", id_scope=ISSUER, plain=True, subject="ada", name="Ada Lovelace", role="", expires=NOW + 3600
    )


SIGNERS = [
    *(rsa_signer(algorithm) for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
    *(ec_signer(algorithm) for algorithm in ("ES256", "ES384", "ES512")),
    ED,
]


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.algorithm)
def test_algorithm_is_accepted(signer: Signer) -> None:
    keys = keys_of(signer)

    assert verify(signed_by(signer), Providers((provider(keys=keys),)), NOW).subject == "ada"
    assert refusal(tampered(signed_by(signer)), provider(keys=keys)) == "bad_signature"


@pytest.mark.parametrize("listed", ["EdDSA", "Ed25519", None])
@pytest.mark.parametrize("said", ["EdDSA", "Ed25519"])
def test_algorithm_with_two_names_is_one(said: str, listed: str | None) -> None:
    keys = FixedKeys(key_set({"keys": [{**ED.jwk, "alg": listed}, RSA.jwk]}, ASYMMETRIC))
    token = ED.token(claims(), alg=said)

    assert verify(token, Providers((provider(keys=keys),)), NOW).subject == "ada"
    assert refusal(tampered(token), provider(keys=keys)) == "bad_signature"
    assert refusal(token, provider(keys=keys, algorithms=("RS256",))) == "wrong_algorithm"


@pytest.mark.parametrize("said", ["ed25519", "Ed448", "ED25519", "EDDSA"])
def test_algorithm_that_has_nearly_that_name_is_another(said: str) -> None:
    assert refusal(ED.token(claims(), alg=said), provider(keys=keys_of(ED))) == "wrong_algorithm"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_algorithm_of_secrets_is_accepted(algorithm: str) -> None:
    class Secrets(SecretVersions):
        def candidates(self, kid: str | None, used: str, issuer: str | None) -> Iterator[Any]:
            return iter((secret_key(SECRET, used),))

    token = hmac_signer(algorithm=algorithm).token({"id": "ada", "exp": NOW + 60})
    own = shared_secret(algorithms=(algorithm,), keys=Secrets())

    assert verify(token, Providers((own,)), NOW).subject == "ada"
    assert refusal(tampered(token), own) == "bad_signature"


def test_shared_secret_gives_the_id_and_full_name() -> None:
    token = hmac_signer().token({"id": 42, "full_name": "Ada Lovelace", "exp": NOW + 60})

    caller = verify(token, Providers((shared_secret(),)), NOW)

    assert (caller.subject, caller.name, caller.id_scope) == ("42", "Ada Lovelace", "own")


def test_previous_version_of_a_secret_is_accepted_too() -> None:
    token = hmac_signer(SECRET[::-1]).token({"id": "ada", "exp": NOW + 60})

    assert verify(token, Providers((shared_secret(keys=SecretVersions(SECRET, SECRET[::-1])),)), NOW).subject == "ada"


def test_each_provider_verifies_its_own_tokens() -> None:
    both = Providers((provider(), shared_secret()))

    assert verify(signed_by(EC), both, NOW).provider == "main"
    assert verify(hmac_signer().token({"id": "ada", "exp": NOW + 60}), both, NOW).provider == "own"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("", "malformed_token", id="empty"),
        pytest.param("e30.e30", "malformed_token", id="two segments"),
        pytest.param(signed_by(RSA) + ".e30", "malformed_token", id="four segments"),
        pytest.param(signed_by(RSA).rpartition(".")[0] + ".", "malformed_token", id="an empty segment"),
        pytest.param(signed_by(ED)[:-2] + "AB", "malformed_token", id="bits to spare that are not zero"),
        pytest.param(signed_by(RSA).replace(".", ".A", 1), "malformed_token", id="half an octet"),
        pytest.param(signed_by(RSA) + "=", "malformed_token", id="padding"),
        pytest.param(" " + signed_by(RSA), "malformed_token", id="white space"),
        pytest.param(signed_by(RSA)[:-1] + "é", "malformed_token", id="a letter outside ASCII"),
        pytest.param(RSA.token(b"[]"), "malformed_token", id="claims that are a list"),
        pytest.param(RSA.token(b"\xff{}"), "malformed_token", id="claims that are no UTF-8"),
        pytest.param(RSA.token(b'{"sub": "a", "sub": "b"}'), "malformed_token", id="a claim that stands twice"),
        pytest.param(RSA.token(b'{"exp": NaN}'), "malformed_token", id="NaN"),
        pytest.param(RSA.token(b'{"sub": "\\ud800"}'), "malformed_token", id="half a surrogate pair"),
        pytest.param(RSA.token(b"[" * 4000), "malformed_token", id="deep nesting"),
        pytest.param(RSA.token(claims(), header=b"1"), "malformed_token", id="a header that is a number"),
        pytest.param(RSA.token(claims(), kid=7), "malformed_token", id="a kid that is a number"),
    ],
)
def test_malformed_token_is_refused(token: str, reason: str) -> None:
    assert refusal(token) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"crit": ["exp"], "exp": 1}, "unsupported_header", id="crit"),
        pytest.param({"b64": False}, "unsupported_header", id="b64"),
        pytest.param({"zip": "DEF"}, "unsupported_header", id="zip"),
        pytest.param({"enc": "A256GCM"}, "unsupported_header", id="enc"),
        pytest.param({"typ": "logout+jwt"}, "wrong_type", id="a logout token"),
        pytest.param({"typ": 1}, "wrong_type", id="a typ that is a number"),
        pytest.param({"alg": "none"}, "wrong_algorithm", id="alg none"),
        pytest.param({"alg": None}, "wrong_algorithm", id="no alg"),
        pytest.param({"alg": ["RS256"]}, "wrong_algorithm", id="a list of algs"),
        pytest.param({"alg": "HS256"}, "wrong_algorithm", id="HS256, where keys are public"),
        pytest.param({"alg": "ES256"}, "unknown_key", id="another family of algorithms than the key's"),
        pytest.param({"kid": "rsa-2"}, "unknown_key", id="a key that the issuer does not have"),
        pytest.param({"kid": "ec-1"}, "unknown_key", id="another key's name"),
        pytest.param({"alg": "RS384"}, "unknown_key", id="another hash than the key's"),
        pytest.param({"alg": "PS256"}, "unknown_key", id="another padding than the key's"),
        pytest.param({"jwk": dict(STRANGER.jwk)}, None, id="a key of its own, which is never looked at"),
        pytest.param(
            {"jku": "https://stranger.example", "x5u": "https://stranger.example"},
            None,
            id="addresses of keys, likewise",
        ),
    ],
)
def test_header_that_is_not_accepted_is_refused(changes: dict[str, Any], reason: str | None) -> None:
    token = RSA.token(claims(), **changes)

    if reason is None:
        assert verify(token, Providers((provider(),)), NOW).subject == "ada"
    else:
        assert refusal(token) == reason


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "application/at+JWT"])
def test_types_of_id_and_access_tokens_are_accepted(typ: str | None) -> None:
    assert verify(RSA.token(claims(), typ=typ), Providers((provider(),)), NOW).subject == "ada"


def test_token_without_kid_is_accepted_if_one_key_fits() -> None:
    assert verify(RSA.token(claims(), kid=None), Providers((provider(),)), NOW).subject == "ada"


def test_token_without_kid_is_refused_if_two_keys_fit() -> None:
    keys = keys_of(RSA, rsa_signer(kid="rsa-2", number=2))

    assert refusal(RSA.token(claims(), kid=None), provider(keys=keys)) == "unknown_key"


def test_stranger_using_our_key_id_is_refused() -> None:
    assert STRANGER.jwk["kid"] == RSA.jwk["kid"]
    assert refusal(signed_by(STRANGER)) == "bad_signature"


@pytest.mark.parametrize("signer", [RSA, EC], ids=["RSA", "EC"])
def test_tampered_signature_is_refused(signer: Signer) -> None:
    assert refusal(tampered(signed_by(signer))) == "bad_signature"


def test_changed_claims_are_refused() -> None:
    header, _, signature = signed_by(RSA).split(".")
    changed = base64url(json.dumps(claims(sub="bob")).encode())

    assert refusal(f"{header}.{changed}.{signature}") == "bad_signature"


def test_secret_of_somebody_else_is_refused() -> None:
    token = hmac_signer(SECRET[::-1]).token({"id": "ada", "exp": NOW + 60})

    assert refusal(token, shared_secret()) == "bad_signature"


def test_public_key_used_as_a_secret_is_refused() -> None:
    confused = hmac_signer(json.dumps(RSA.jwk).encode()).token(claims())

    assert refusal(confused) == "wrong_algorithm"


@pytest.mark.parametrize(
    "issuer",
    ["https://issuer.example", "https://ISSUER.example/", "https://issuer.example/x", "", 7, ["x"], None],
)
def test_issuer_that_differs_in_anything_is_refused_and_nobody_is_asked(issuer: object) -> None:
    out_of_reach: KeySource = OutOfReach()

    assert refusal(signed_by(RSA, iss=issuer), provider(keys=out_of_reach)) == "unknown_issuer"


def test_unreachable_keys_are_no_refusal() -> None:
    with pytest.raises(KeysUnavailable):
        verify(signed_by(RSA), Providers((provider(keys=OutOfReach()),)), NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": NOW - 60}, "token_expired", id="ended a minute ago"),
        pytest.param({"exp": None}, "invalid_claim", id="never ends"),
        pytest.param({"exp": str(NOW + 60)}, "invalid_claim", id="ends at a text"),
        pytest.param({"exp": True}, "invalid_claim", id="ends at true"),
        pytest.param({"exp": -1}, "invalid_claim", id="ended before time began"),
        pytest.param({"exp": 1e300}, "invalid_claim", id="ends after time ended"),
        pytest.param({"exp": 253_402_300_800}, "invalid_claim", id="ends in the year 10000"),
        pytest.param({"nbf": NOW + 61}, "not_yet_valid", id="begins later"),
        pytest.param({"nbf": "now"}, "invalid_claim", id="begins at a text"),
        pytest.param({"iat": NOW + 61}, "not_yet_valid", id="was made in the future"),
        pytest.param({"iat": [NOW]}, "invalid_claim", id="was made at a list"),
        pytest.param({"aud": None}, "wrong_audience", id="for nobody"),
        pytest.param({"aud": "another"}, "wrong_audience", id="for another"),
        pytest.param({"aud": []}, "wrong_audience", id="for an empty list"),
        pytest.param({"aud": ["another", "third"]}, "wrong_audience", id="for others"),
        pytest.param({"aud": 7}, "invalid_claim", id="for a number"),
        pytest.param({"aud": [AUDIENCE, 7]}, "invalid_claim", id="for a number too"),
        pytest.param({"sub": None}, "invalid_subject", id="about nobody"),
        pytest.param({"sub": ""}, "invalid_subject", id="about an empty text"),
        pytest.param({"sub": "a" * 256}, "invalid_subject", id="about a very long text"),
        pytest.param({"sub": True}, "invalid_subject", id="about true"),
        pytest.param({"sub": 1.5}, "invalid_subject", id="about a fraction"),
        pytest.param({"sub": {"id": "ada"}}, "invalid_subject", id="about an object"),
        pytest.param({"sub": "  "}, "invalid_subject", id="about a blank"),
        pytest.param({"sub": "\u00a0\u3000"}, "invalid_subject", id="about blanks that are not in ASCII"),
        pytest.param({"sub": "\u200b\u2060\ufeff"}, "invalid_subject", id="about characters without width"),
        pytest.param({"sub": "\u2028"}, "invalid_subject", id="about a line's end alone"),
        pytest.param({"sub": "\u3164\u2800"}, "invalid_subject", id="about letters that show nothing"),
        pytest.param({"sub": "\u034f\ufe0f"}, "invalid_subject", id="about marks that show nothing"),
        pytest.param({"sub": "ada\n"}, "invalid_subject", id="with a line break at the end"),
        pytest.param({"sub": "a\x00da"}, "invalid_subject", id="with a null in it"),
        pytest.param({"sub": "ada\x7f"}, "invalid_subject", id="with a delete at the end"),
        pytest.param({"sub": "ada\x85"}, "invalid_subject", id="with a control character outside ASCII"),
    ],
)
def test_claim_that_is_not_accepted_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert refusal(signed_by(RSA, **changes)) == reason


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": NOW - 59}, id="ended within the skew"),
        pytest.param({"exp": NOW + 0.5}, id="ends at a fraction"),
        pytest.param({"exp": 253_402_300_799}, id="ends with the year 9999"),
        pytest.param({"nbf": NOW + 60}, id="begins within the skew"),
        pytest.param({"nbf": 0, "iat": 0}, id="began with time itself"),
        pytest.param({"aud": ["another", AUDIENCE]}, id="for us and another"),
        pytest.param({"sub": "auth0|" + "a" * 249}, id="about a long subject"),
        pytest.param({"at_hash": "x"}, id="an ID token with at_hash"),
    ],
)
def test_claim_that_is_unusual_is_accepted(changes: dict[str, Any]) -> None:
    assert verify(signed_by(RSA, **changes), Providers((provider(),)), NOW).provider == "main"


def test_expired_token_of_a_stranger_is_not_called_expired() -> None:
    assert refusal(signed_by(STRANGER, exp=NOW - 60)) == "bad_signature"


def test_provider_without_audience_refuses_a_token_that_names_one() -> None:
    token = hmac_signer().token({"id": "ada", "aud": "another", "exp": NOW + 60})

    assert refusal(token, shared_secret()) == "wrong_audience"


def test_provider_of_any_audience_accepts_a_token_that_names_one() -> None:
    assert verify(signed_by(RSA, aud="another"), Providers((provider(audiences=None),)), NOW).subject == "ada"


@pytest.mark.parametrize(
    ("nested", "accepted"),
    [
        pytest.param(15, True, id="sixteen deep with the claims themselves"),
        pytest.param(16, False, id="seventeen deep"),
        pytest.param(900, False, id="nine hundred deep"),
    ],
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_nesting_has_a_limit(nested: int, opening: str, closing: str, *, accepted: bool) -> None:
    deep = json.dumps(claims())[:-1] + ', "deep": ' + opening * nested + "0" + closing * nested + "}"
    token = RSA.token(deep.encode())

    if accepted:
        assert verify(token, Providers((provider(),)), NOW).subject == "ada"
    else:
        assert refusal(token) == "malformed_token"


def test_wide_claims_are_no_deep_ones() -> None:
    wide = signed_by(RSA, groups=[{"id": number} for number in range(50)])

    assert verify(wide, Providers((provider(),)), NOW).subject == "ada"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({}, None, id="an hour, as accepted"),
        pytest.param({"exp": NOW + 3601}, "lives_too_long", id="a second more"),
        pytest.param({"iat": None}, "invalid_claim", id="without saying since when"),
    ],
)
def test_longest_lifetime_is_kept_if_set(changes: dict[str, Any], reason: str | None) -> None:
    short = provider(longest_lifetime=3600)

    if reason is None:
        assert verify(signed_by(RSA, **changes), Providers((short,)), NOW).subject == "ada"
    else:
        assert refusal(signed_by(RSA, **changes), short) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": NOW + 900}, None, id="as long as accepted"),
        pytest.param({"exp": NOW + 901}, "lives_too_long", id="a second more"),
        pytest.param({"iat": None, "exp": NOW + 960}, None, id="as long from now on, and the skew"),
        pytest.param({"iat": None, "exp": NOW + 961}, "lives_too_long", id="a second more, from now on"),
        pytest.param({"iat": NOW - 3600, "exp": NOW + 60}, "lives_too_long", id="the end of a long life"),
        pytest.param({"nickname": "Countess", "exp": NOW + 86400}, None, id="a long life with a name"),
        pytest.param({"nickname": " ", "exp": NOW + 86400}, "lives_too_long", id="a long life with a blank"),
    ],
)
def test_life_of_a_token_without_a_name_is_short_if_that_is_set(changes: dict[str, Any], reason: str | None) -> None:
    short = provider(nameless_lifetime=900)
    changes = {"name": None, **changes}

    if reason is None:
        assert verify(signed_by(RSA, **changes), Providers((short,)), NOW).subject == "ada"
    else:
        assert refusal(signed_by(RSA, **changes), short) == reason


@pytest.mark.parametrize(
    ("skew", "now", "accepted"), [(0, NOW - 1, True), (0, NOW, False), (300, NOW + 299, True), (300, NOW + 300, False)]
)
def test_skew_is_as_set(skew: int, now: int, *, accepted: bool) -> None:
    token = signed_by(RSA, exp=NOW, iat=None)

    if accepted:
        assert verify(token, Providers((provider(skew=skew),)), now).subject == "ada"
    else:
        assert refusal(token, provider(skew=skew), now=now) == "token_expired"


@pytest.mark.parametrize(
    ("entrance", "changes", "denial"),
    [
        pytest.param({"scopes": ("chat",)}, {"scope": "openid chat"}, None, id="a scope in a text"),
        pytest.param({"scopes": ("chat",)}, {"scp": ["chat"]}, None, id="a scope in a list"),
        pytest.param({"scopes": ("chat",)}, {"scope": "chatter"}, "missing_scope", id="a longer scope"),
        pytest.param({"scopes": ("chat", "x")}, {"scope": "chat"}, "missing_scope", id="one scope of two"),
        pytest.param({"scopes": ("chat",)}, {"scope": 7}, "missing_scope", id="a scope that is a number"),
        pytest.param({"scopes": ("chat",)}, {}, "missing_scope", id="no scope"),
        pytest.param({"roles": ("staff", "admin")}, {"roles": ["admin"]}, None, id="one role of two"),
        pytest.param({"roles": ("staff",)}, {"roles": "staff"}, None, id="a role that is no list"),
        pytest.param({"roles": ("staff",)}, {"roles": ["guest"]}, "missing_role", id="another role"),
        pytest.param(
            {"roles": ("staff",), "roles_claim": "realm_access.roles"},
            {"realm_access": {"roles": ["staff"]}},
            None,
            id="a role within a claim",
        ),
        pytest.param(
            {"roles": ("staff",), "roles_claim": "https://app.example/roles"},
            {"https://app.example/roles": ["staff"]},
            None,
            id="a role in a claim with dots in its name",
        ),
        pytest.param({"claims": {"verified": (True,)}}, {"verified": True}, None, id="a claim"),
        pytest.param({"claims": {"verified": (True,)}}, {"verified": "true"}, "missing_claim", id="a claim in text"),
        pytest.param({"claims": {"a.b": ("x",)}}, {"a": ["b"]}, "missing_claim", id="a claim that is no object"),
    ],
)
def test_user_without_what_is_required_may_not_enter(
    entrance: dict[str, Any], changes: dict[str, Any], denial: str | None
) -> None:
    guarded = Providers((provider(entrance=Entrance(**entrance)),))

    if denial is None:
        assert verify(signed_by(RSA, **changes), guarded, NOW).subject == "ada"
    else:
        with pytest.raises(CallerForbidden) as caught:
            verify(signed_by(RSA, **changes), guarded, NOW)
        assert caught.value.denial.value == denial


def test_bad_token_without_what_is_required_is_a_bad_token() -> None:
    guarded = provider(entrance=Entrance(scopes=("chat",)))

    assert refusal(signed_by(RSA, exp=NOW - 60), guarded) == "token_expired"
    assert refusal(signed_by(RSA, sub=None), guarded) == "invalid_subject"


@pytest.mark.parametrize("blank", [" ", "\u200b\u200d", "\u3164\u2800", "\ufe0f", "\u0000"])
def test_name_that_shows_nothing_is_passed_over(blank: str) -> None:
    token = signed_by(RSA, name=blank, nickname="Countess")

    assert verify(token, Providers((provider(),)), NOW).name == "Countess"


@pytest.mark.parametrize(
    "subject",
    ["ada lovelace", "0", "-", "\u00e4d\u00e4", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f600"],
)
def test_subject_with_something_to_see_is_one(subject: str) -> None:
    assert verify(signed_by(RSA, sub=subject), Providers((provider(),)), NOW).subject == subject


def test_audience_may_stand_in_another_claim() -> None:
    by_client = provider(audience_claim="client_id", audiences=("app",))

    assert verify(signed_by(RSA, aud=None, client_id="app"), Providers((by_client,)), NOW).subject == "ada"
    assert refusal(signed_by(RSA, aud="app", client_id="other"), by_client) == "wrong_audience"


def test_providers_are_isolated_from_each_other() -> None:
    """One provider's key, under its own kid, cannot sign for another."""
    other = "https://other.example/"
    two = (provider(), provider(name="other", issuers=(other,), keys=keys_of(STRANGER), id_scope=other))

    assert verify(signed_by(STRANGER, iss=other), Providers(two), NOW).provider == "other"
    assert refusal(signed_by(STRANGER), *two) == "bad_signature"
    assert refusal(signed_by(RSA, iss=other), *two) == "bad_signature"


def test_scope_by_tenant_is_refused_to_tokens_that_name_no_issuer() -> None:
    token = hmac_signer().token({"id": "ada", "tid": TID, "exp": NOW + 60})

    assert refusal(token, shared_secret(id_scope="own/{tid}")) == "invalid_claim"


TID = "8a6ac6dc-5d5b-4a9c-8d0b-0f0a0a2a5e11"
TENANTS = "https://login.example/{tenantid}/v2.0"


def tenants(key_issuer: str | None = TENANTS) -> Provider:
    keys = FixedKeys(key_set({"keys": [{**RSA.jwk, "issuer": key_issuer} if key_issuer else RSA.jwk]}, ASYMMETRIC))
    return provider(issuers=(TENANTS,), keys=keys, id_scope="https://login.example/{tid}")


def test_issuer_of_any_tenant_scopes_its_users() -> None:
    caller = verify(signed_by(RSA, iss=TENANTS.format(tenantid=TID), tid=TID), Providers((tenants(),)), NOW)

    assert caller.id_scope == f"https://login.example/{TID}"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"iss": TENANTS}, "unknown_issuer", id="no tenant"),
        pytest.param({"iss": TENANTS.format(tenantid="x/y")}, "unknown_issuer", id="a tenant that is no GUID"),
        pytest.param({"iss": TENANTS.format(tenantid=TID) + "/"}, "unknown_issuer", id="a slash more"),
        pytest.param({"iss": TENANTS.format(tenantid=TID[:-1] + "2")}, "invalid_claim", id="another tenant's issuer"),
        pytest.param({"tid": None}, "invalid_claim", id="no tid"),
        pytest.param({"tid": "v2.0"}, "invalid_claim", id="a tid that is another part of the issuer"),
    ],
)
def test_tenant_must_be_the_issuer_s_own(changes: dict[str, Any], reason: str) -> None:
    good = {"iss": TENANTS.format(tenantid=TID), "tid": TID}

    assert refusal(signed_by(RSA, **{**good, **changes}), tenants()) == reason


@pytest.mark.parametrize(
    "key_issuer", ["https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", "https://x/{tenantid}/"]
)
def test_key_of_another_issuer_in_the_same_set_is_refused(key_issuer: str) -> None:
    token = signed_by(RSA, iss=TENANTS.format(tenantid=TID), tid=TID)

    assert refusal(token, tenants(key_issuer)) == "unknown_key"


@pytest.mark.parametrize(
    ("exp", "reason"), [(NOW + 900, None), (NOW + 899, "ends_too_soon"), (NOW - 60, "token_expired")]
)
def test_token_must_outlast_the_shortest_session_if_sessions_end_with_it(exp: int, reason: str | None) -> None:
    lasting = provider(least_remaining=900)

    if reason is None:
        assert verify(signed_by(RSA, exp=exp), Providers((lasting,)), NOW).expires == exp
    else:
        assert refusal(signed_by(RSA, exp=exp), lasting) == reason


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        pytest.param(["member", "moderator"], "moderator", id="one of them"),
        pytest.param(["moderator", "owner"], "owner", id="the best of several"),
        pytest.param("moderator", "moderator", id="a claim that is no list"),
        pytest.param(["member"], "", id="none of them"),
        pytest.param(["Moderator"], "", id="another case"),
        pytest.param(None, "", id="no claim"),
        pytest.param({"moderator": 1}, "", id="a claim that is an object"),
    ],
)
def test_user_role_is_the_best_that_the_claim_names(groups: Any, role: str) -> None:
    graded = provider(user_roles=UserRoles("groups", ("owner", "moderator")))

    assert verify(signed_by(RSA, groups=groups), Providers((graded,)), NOW).role == role
