"""Good providers, then one change at a time: each says which, and what to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authorizer.clock import Clock
from authorizer.errors import SettingsError
from authorizer.providers import AccessRequirements, Provider, RoomRules, UserRoles
from authorizer.settings import Settings
from tests.tokens import ec_signer, rsa_signer

if TYPE_CHECKING:
    from authorizer.providers import Provider

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
OIDC = {"name": "main", "preset": "oidc", "issuer": "https://issuer.example/", "audience": "chime-signin"}
PEM = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OWN = {"name": "own", "preset": "shared-secret", "secret_arn": ARN}


def settings(*entries: Any) -> Settings:
    return Settings.from_environ({"PROVIDERS": json.dumps(entries)}, Clock())


def provider(entry: dict[str, Any]) -> Provider:
    [only] = settings(entry).providers.all
    return only


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


def test_issuer_and_audience_are_enough() -> None:
    main = provider(without(OIDC, "preset"))

    assert main.issuers == ("https://issuer.example/",)
    assert main.audiences == ("chime-signin",)
    assert main.subject_claim == "sub"
    assert main.namespace == "https://issuer.example/"
    assert (main.clock_skew, main.max_lifetime) == (60, None)
    assert main.token_profile.token_types == {"jwt", "at+jwt"}
    assert "ES512" in main.algorithms
    assert "HS256" not in main.algorithms


def test_secret_is_enough() -> None:
    own = provider(OWN)

    assert own.issuers == ()
    assert own.audiences == ()
    assert own.algorithms == ("HS256",)
    assert (own.subject_claim, own.name_claims) == ("id", ("full_name",))
    assert own.namespace == "own"


@pytest.mark.parametrize(
    ("told", "nameless"),
    [
        pytest.param({}, 900, id="by nothing: those without a name live for a quarter of an hour"),
        pytest.param({"any_audience": True}, 900, id="by nothing, and whomever they are for"),
        pytest.param({"audience": "chat"}, None, id="by their audience"),
        pytest.param({"required_claim_values": {"use": "chat"}}, None, id="by a claim"),
        pytest.param({"required_claim_names": "full_name"}, None, id="by having one"),
        pytest.param({"token_types": "chat+jwt"}, None, id="by their type"),
        pytest.param({"max_lifetime_seconds": 86400}, None, id="by a lifetime"),
    ],
)
def test_sign_in_tokens_are_told_from_others_under_the_secret(told: dict[str, Any], nameless: int | None) -> None:
    assert provider({**OWN, **told}).max_lifetime_without_name == nameless
    assert provider(OIDC).max_lifetime_without_name is None


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "ap-southeast-7"])
def test_secret_may_be_in_any_region(region: str) -> None:
    assert provider({**OWN, "secret_arn": ARN.replace("us-east-1", region)}).algorithms == ("HS256",)


def test_preset_can_be_overridden() -> None:
    changed = provider({**OIDC, "subject_claim": "uid", "name_claims": ["display"], "algorithms": ["ES256"]})

    assert (changed.subject_claim, changed.name_claims, changed.algorithms) == ("uid", ("display",), ("ES256",))


@pytest.mark.parametrize("algorithms", ["Ed25519", ["EdDSA"], ["Ed25519", "EdDSA"]])
def test_algorithm_with_two_names_is_one_in_settings(algorithms: str | list[str]) -> None:
    assert provider({**OIDC, "algorithms": algorithms}).algorithms == ("EdDSA",)
    with pytest.raises(SettingsError, match=r"has Ed(25519|DSA), which does not go with its keys"):
        provider({**OWN, "algorithms": algorithms})


def test_only_provider_keeps_its_subjects() -> None:
    assert provider(OIDC).keep_subject
    assert not provider({**OIDC, "keep_subject": False}).keep_subject


def test_of_several_providers_only_the_one_named_keeps_its_subjects() -> None:
    assert [one.keep_subject for one in settings(OIDC, {**OWN, "keep_subject": False}).providers.all] == [False, False]
    assert [one.keep_subject for one in settings(OIDC, {**OWN, "keep_subject": True}).providers.all] == [False, True]


@pytest.mark.parametrize("audience", ["a", ["a"], ["a", "b"]])
def test_audience_may_be_one_or_several(audience: Any) -> None:
    assert provider({**OIDC, "audience": audience}).audiences == tuple(audience)


@pytest.mark.parametrize("nothing", ["", None])
@pytest.mark.parametrize("option", ["audience", "clients", "required_roles", "required_claims", "preset"])
def test_empty_option_is_refused_because_a_requirement_could_be_lost(option: str, nothing: str | None) -> None:
    with pytest.raises(SettingsError, match=rf"PROVIDERS\[0\].{option} .* (Write|leave)"):
        provider({**OIDC, option: nothing})


def test_any_audience_has_to_be_said() -> None:
    assert provider({**without(OIDC, "audience"), "any_audience": True}).audiences is None


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"jwks": {"keys": [dict(rsa_signer().jwk)]}}, id="a key set"),
        pytest.param({"jwks_uri": "https://issuer.example/keys"}, id="a key set's address"),
        pytest.param({"jwks_uri": "http://127.0.0.1:3001/keys"}, id="an address on this machine"),
    ],
)
def test_keys_may_be_given(keys: dict[str, Any]) -> None:
    assert provider({**OIDC, **keys}).issuers == ("https://issuer.example/",)


NO_HTTPS_URL = [
    "http://adfs.example/adfs/services/trust",
    "urn:example:issuer",
    "example",
    "https://a:b@c.example",
    "é",
]


@pytest.mark.parametrize("issuer", [*NO_HTTPS_URL, ["https://issuer.example", "urn:example:issuer"]], ids=str)
@pytest.mark.parametrize(
    "keys",
    [
        {"jwks": {"keys": [dict(rsa_signer().jwk)]}},
        {"jwks_uri": "https://issuer.example/keys"},
        {"pem": PEM.decode()},
        {"secret_arn": ARN},
    ],
    ids=lambda keys: next(iter(keys)),
)
def test_issuer_that_is_not_asked_for_keys_may_have_any_name(issuer: Any, keys: dict[str, Any]) -> None:
    told = provider({**OIDC, **keys, "issuer": issuer})

    assert list(told.issuers) == ([issuer] if isinstance(issuer, str) else issuer)


@pytest.mark.parametrize("issuer", NO_HTTPS_URL)
def test_issuer_that_is_asked_for_keys_is_an_https_url(issuer: str) -> None:
    for written in (issuer, [issuer, "https://issuer.example/"]):
        with pytest.raises(
            SettingsError, match=r"issuer is not an https URL.*or give its keys by jwks_uri, jwks or pem"
        ):
            provider({**OIDC, "issuer": written})
    assert provider({**OIDC, "issuer": ["https://issuer.example/", issuer]}).issuers[1] == issuer


@pytest.mark.parametrize("preset", ["oidc", "keycloak"])
def test_issuer_may_have_several_names(preset: str) -> None:
    several = ["https://issuer.example/realms/x", "https://id.example/realms/x"]
    told = provider({**OIDC, "preset": preset, "issuer": several})

    assert told.issuers == tuple(several)
    assert (told.namespace, told.keep_subject) == ("{iss}", False)


@pytest.mark.parametrize("preset", ["oidc", "keycloak"])
def test_issuer_s_several_names_may_be_one(preset: str) -> None:
    several = ["https://issuer.example/realms/x", "https://id.example/realms/x"]
    told = provider({**OIDC, "preset": preset, "issuer": several, "issuers_share_users": True})

    assert (told.namespace, told.keep_subject) == (several[0], True)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        pytest.param(without(OIDC, "name"), r"\[0\].name is missing", id="no name"),
        pytest.param({**OIDC, "name": "A b"}, "name is not a name", id="a name with a space"),
        pytest.param({**OIDC, "preset": "saml"}, "preset is not known. Write one of: oidc", id="unknown preset"),
        pytest.param({**OIDC, "preset": ["oidc"]}, "preset is not known", id="a list of presets"),
        pytest.param({**OIDC, "audiance": "x"}, "audiance is not an option", id="a misspelt option"),
        pytest.param(without(OIDC, "issuer"), "issuer is missing", id="no issuer"),
        pytest.param({**OIDC, "issuer": "http://issuer.example/"}, "issuer is not an https URL", id="an http issuer"),
        pytest.param(
            {**OIDC, "issuer": "https://a:b@issuer.example/"}, "issuer is not", id="an issuer with a password"
        ),
        pytest.param({**OIDC, "issuer": 7}, "issuer is neither a text nor", id="an issuer that is a number"),
        pytest.param(without(OIDC, "audience"), 'audience is missing.*"any_audience": true', id="no audience"),
        pytest.param({**OIDC, "audience": []}, "audience is neither", id="no audience in the list"),
        pytest.param({**OIDC, "audience": [7]}, "audience is neither", id="an audience that is a number"),
        pytest.param({**OIDC, "any_audience": "yes"}, "any_audience is neither", id="any_audience that is a text"),
        pytest.param(
            {**OIDC, "any_audience": True}, "any_audience is true, and there is an", id="any and one audience"
        ),
        pytest.param({**OIDC, "algorithms": []}, "algorithms is neither", id="no algorithms"),
        pytest.param({**OIDC, "algorithms": ["none"]}, "algorithms has none", id="alg none"),
        pytest.param({**OIDC, "algorithms": ["RS256", "HS256"]}, "algorithms has HS256", id="a secret's algorithm"),
        pytest.param({**OWN, "algorithms": ["HS256", "RS256"]}, "algorithms has RS256", id="a public key's algorithm"),
        pytest.param(without(OWN, "secret_arn"), "secret_arn is missing", id="no secret"),
        pytest.param({**OWN, "secret_arn": "my-secret"}, "secret_arn is not an ARN", id="a secret's name"),
        pytest.param({**OWN, "secret_arn": ARN.replace("us-east-1", "-")}, "is not an ARN", id="a region of no name"),
        pytest.param({**OIDC, "jwks": {"keys": []}}, "jwks cannot be used", id="an empty key set"),
        pytest.param({**OIDC, "pem": "-----"}, "pem cannot be used", id="a broken PEM"),
        pytest.param({**OIDC, "jwks_uri": "http://a.example"}, "jwks_uri is not an https", id="keys over http"),
        pytest.param(
            {**OIDC, "jwks_uri": "https://a.example", "jwks": {"keys": [dict(ec_signer().jwk)]}},
            "jwks_uri and jwks are both given",
            id="keys from two places",
        ),
        pytest.param({**OWN, "algorithms": ["HS256", "HS512"]}, "a secret is for one alone", id="two for a secret"),
        pytest.param({**OWN, "previous_secret_seconds": -1}, "from 0 to 2678400", id="a negative time"),
        pytest.param({**OWN, "previous_secret_seconds": "3600"}, "without quotes", id="a time in quotes"),
        pytest.param(
            {**OIDC, "previous_secret_seconds": 60},
            "previous_secret_seconds is about a secret",
            id="a time for no secret",
        ),
        pytest.param({**OIDC, "secret_encoding": "hex"}, "secret_encoding is about a secret", id="no secret encoded"),
        pytest.param({**OWN, "secret_encoding": "rot13"}, "secret_encoding is not known", id="unknown encoding"),
        pytest.param(
            {**OIDC, "jwks": {"keys": [dict(rsa_signer("RS512").jwk)]}, "algorithms": ["RS256"]},
            "usable with RS256",
            id="keys for another algorithm",
        ),
        pytest.param({**OIDC, "jwks": {"keys": []}, "pem": "-----"}, "are both given", id="keys given twice"),
        pytest.param(
            {**OIDC, "clock_skew_seconds": 301},
            "clock_skew_seconds is no whole number from 0 to 300",
            id="a large skew",
        ),
        pytest.param({**OIDC, "clock_skew_seconds": "60"}, "without quotes", id="a skew in quotes"),
        pytest.param({**OIDC, "clock_skew_seconds": True}, "clock_skew_seconds is no", id="a skew that is true"),
        pytest.param({**OIDC, "max_lifetime_seconds": 0}, "max_lifetime_seconds is no", id="no lifetime"),
        pytest.param({**OIDC, "max_subject_length": 256}, "max_subject_length is no", id="subjects too long for us"),
        pytest.param(
            {**OIDC, "required_claim_values": ["x"]}, "required_claim_values is no object", id="terms in a list"
        ),
        pytest.param(
            {**OIDC, "required_claim_values": {"x": []}},
            "required_claim_values.x has no values",
            id="terms without values",
        ),
        pytest.param({**OIDC, "required_claims": {"x": [{}]}}, "required_claims.x has", id="an object for a value"),
        pytest.param({**OIDC, "required_scopes": [""]}, "required_scopes is neither", id="an empty scope"),
        pytest.param({**OIDC, "domain": "x"}, "domain is not an option", id="an option of another preset"),
        pytest.param("main", "not a list of objects", id="a text in the list"),
    ],
)
def test_wrong_provider_says_what_to_write(entry: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings(entry)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        pytest.param(
            ({**OIDC, "keep_subject": False}, {**OIDC, "issuer": "https://b.example"}),
            "same names, main",
            id="two of one name",
        ),
        pytest.param(
            ({**OIDC, "keep_subject": False}, {**OIDC, "name": "b"}),
            "same issuers, https://issuer.example/",
            id="two of one issuer",
        ),
        pytest.param(
            ({**OWN, "keep_subject": False}, {**OWN, "name": "b"}),
            r"same issuers, \(none\)",
            id="two without an issuer",
        ),
        pytest.param(
            ({**OIDC, "keep_subject": True}, {**OWN, "keep_subject": True}),
            "keep_subject",
            id="two that keep their subjects",
        ),
        pytest.param(
            (OIDC, OWN), "say whose users keep their ids", id="two of which none says whose users keep their ids"
        ),
        pytest.param((), "Write at least one", id="none"),
    ],
)
def test_providers_that_do_not_go_together_are_refused(entries: tuple[Any, ...], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings(*entries)


@pytest.mark.parametrize("text", ["", "{", "null", "{}", '"x"', "[" * 100_000], ids=lambda text: text[:9])
def test_providers_that_are_no_json_list_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="PROVIDERS is not"):
        Settings.from_environ({"PROVIDERS": text}, Clock())


def test_room_rules_are_read_with_the_claim_of_the_roles() -> None:
    rules = {"rooms_claim": "rooms", "host_roles": "teacher", "listen_only_roles": ["pupil", "listener"]}

    assert provider({**OIDC, **rules}).room_rules == RoomRules("rooms", ("teacher",), ("pupil", "listener"), "roles")
    assert provider({**OIDC, **rules, "roles_claim": "groups"}).room_rules.roles_claim == "groups"
    assert provider(OIDC).room_rules == RoomRules()


def test_user_roles_are_read_with_their_claim() -> None:
    graded = provider({**OIDC, "user_roles": ["owner", "moderator"], "user_roles_claim": "groups"})

    assert graded.user_roles == UserRoles("groups", ("owner", "moderator"))
    with pytest.raises(SettingsError, match="user_roles_claim is missing"):
        provider({**OIDC, "user_roles": "moderator"})


@pytest.mark.parametrize("name", ["arn:aws:iam::123456789012:role/moderator", "a b", "staff/moderator", "a" * 65])
def test_user_role_that_no_arn_can_end_with_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"user_roles has .*, which is no role's name.*end of their ARNs"):
        provider({**OIDC, "user_roles": ["owner", name], "user_roles_claim": "groups"})


def test_entrance_and_times_are_read() -> None:
    guarded = provider(
        {
            **OIDC,
            "required_scopes": "chat",
            "required_roles": ["staff"],
            "roles_claim": "groups",
            "required_claims": {"email_verified": True},
            "clock_skew_seconds": 0,
            "max_lifetime_seconds": 3600,
        }
    )

    assert guarded.access_requirements == AccessRequirements(
        ("chat",), ("staff",), "groups", {"email_verified": (True,)}
    )
    assert (guarded.clock_skew, guarded.max_lifetime) == (0, 3600)


def test_option_said_twice_is_refused_because_json_would_drop_the_first() -> None:
    # As JSON the role that is required would be gone, and with it who may not enter.
    text = '[{"name": "main", "issuer": "https://issuer.example/", "audience": "app", "required_roles": "staff", %s}]'

    for again in ('"required_roles": ""', '"required_claim_values": {"a": "x", "a": ["x", "y"]}'):
        with pytest.raises(SettingsError, match=r"PROVIDERS: one object has (required_roles|a) twice. Keep one"):
            Settings.from_environ({"PROVIDERS": text % again}, Clock())
