"""What does not go together is refused before anything is changed, by a sentence that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from authorizer.clock import Clock
from authorizer.presets import PRESETS
from authorizer.settings import AuthorizerSettings
from operations.rules import failed_assertions
from tests.translated import APP_INSTANCE, KEY, LEAST, OTHERWISE, PROVIDERS, SECRET, SETS, deployed, source

PAGE = Path(__file__).parents[2] / "docs" / "identity-providers.md"
OPTIONAL = {"TokenUse"}


def broken(parameters: dict[str, str], region: str = "us-east-1") -> list[str]:
    return failed_assertions(source(), {"AWS::Region": region, **parameters})


def test_there_is_one_for_every_provider_that_may_be_chosen() -> None:
    assert {"", *PROVIDERS} == set(source()["Parameters"]["IdentityProvider"]["AllowedValues"])


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_good_parameters_break_no_rule(parameters: dict[str, str]) -> None:
    assert broken(parameters) == []


@pytest.mark.parametrize("preset", PROVIDERS)
def test_provider_s_values_make_settings_that_the_authorizer_takes(preset: str) -> None:
    parameters = {"IdentityProvider": preset, **PROVIDERS[preset]}
    deployment, _ = deployed({"ChimeAppInstanceArn": APP_INSTANCE, **parameters})
    settings = AuthorizerSettings.from_environ(deployment.functions["AuthorizerFunction"].environment, Clock())

    assert broken(parameters) == []
    assert [provider.name for provider in settings.providers.all] == ["main"]
    for name, pattern in ((name, source()["Parameters"][name].get("AllowedPattern")) for name in PROVIDERS[preset]):
        assert pattern is None or re.search(pattern, parameters[name])


@pytest.mark.parametrize("issuer", ["http://adfs.example/adfs/services/trust", "urn:example:issuer", "my-app"])
def test_issuer_that_is_not_asked_for_keys_may_have_any_name_here_as_well(issuer: str) -> None:
    parameters = {"IdentityProvider": "shared-secret", "Issuer": issuer, "SharedSecretArn": SECRET}
    deployment, _ = deployed({"ChimeAppInstanceArn": APP_INSTANCE, **parameters})
    settings = AuthorizerSettings.from_environ(deployment.functions["AuthorizerFunction"].environment, Clock())

    assert broken(parameters) == []
    assert [provider.issuers for provider in settings.providers.all] == [(issuer,)]
    assert re.search(source()["Parameters"]["Issuer"]["AllowedPattern"], issuer)


@pytest.mark.parametrize("issuer", ['a", "any_audience": "x', "a\\u0022", "a\nb", "${AWS::AccountId}", "a b", "é"])
def test_issuer_that_would_be_more_than_a_text_is_refused(issuer: str) -> None:
    assert not re.fullmatch(source()["Parameters"]["Issuer"]["AllowedPattern"], issuer)


def test_template_knows_every_preset() -> None:
    assert set(PROVIDERS) == set(PRESETS)


@pytest.mark.parametrize("preset", PROVIDERS)
def test_name_may_be_in_other_claims(preset: str) -> None:
    claims = "https://app.example.com/name,given_name + family_name,email@"
    parameters = {"IdentityProvider": preset, **PROVIDERS[preset], "NameClaims": claims}
    deployment, _ = deployed({"ChimeAppInstanceArn": APP_INSTANCE, **parameters})
    settings = AuthorizerSettings.from_environ(deployment.functions["AuthorizerFunction"].environment, Clock())

    assert settings.providers.all[0].name_claims == tuple(claims.split(","))
    assert broken(parameters) == []


@pytest.mark.parametrize("claims", ["a, b", "a,", 'a", "b', "a b", "a +b"])
def test_claims_that_would_never_be_found_are_refused(claims: str) -> None:
    assert not re.fullmatch(source()["Parameters"]["NameClaims"]["AllowedPattern"], claims)


@pytest.mark.parametrize("preset", PRESETS)
def test_documentation_names_the_parameters_of_each_provider(preset: str) -> None:
    [row] = re.findall(rf"^\| `{preset}` .*\| (.*?) \| .*? \|$", PAGE.read_text(), flags=re.MULTILINE)

    assert set(PROVIDERS[preset]) <= set(re.findall("`([A-Z]\\w+)`", row))


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"IdentityProvider": "supabase", "ProjectId": "ref", "SharedSecretArn": SECRET}, id="supabase"),
        pytest.param({"SharedSecretArn": SECRET, "Audience": "app"}, id="without saying so"),
    ],
)
def test_secret_is_the_provider_s_key(parameters: dict[str, str]) -> None:
    deployment, _ = deployed(parameters)

    assert f'"secret_arn": "{SECRET}"' in deployment.functions["AuthorizerFunction"].environment["PROVIDERS"]


def test_secret_beside_an_issuer_is_not_the_issuer_s_key() -> None:
    deployment, _ = deployed({**LEAST, "SharedSecretArn": SECRET})

    assert "secret_arn" not in deployment.functions["AuthorizerFunction"].environment["PROVIDERS"]


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        pytest.param(preset, name, id=f"{preset} without {name}")
        for preset, values in PROVIDERS.items()
        for name in values
        if name not in OPTIONAL
    ],
)
def test_provider_without_what_it_needs_is_refused(preset: str, name: str) -> None:
    parameters = {"IdentityProvider": preset, **PROVIDERS[preset], name: ""}

    assert any(name in message and preset in message for message in broken(parameters))


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        pytest.param(preset, name, id=f"{name} for {preset}")
        for preset in PROVIDERS
        for name in ("UserPoolId", "Tenant", "AuthorizedParties", "ProviderDomain", "ProjectId", "ClientId", "Issuer")
        if name not in PROVIDERS[preset] and (preset, name) not in (("shared-secret", "Issuer"), ("auth0", "ClientId"))
    ],
)
def test_value_that_nobody_looks_at_is_refused(preset: str, name: str) -> None:
    parameters = {"IdentityProvider": preset, **PROVIDERS[preset], name: "x"}

    assert any(name in message or "ClientId" in message for message in broken(parameters))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({}, "Say whose tokens sign in", id="nobody's tokens"),
        pytest.param({"Issuer": "https://id.example.com/"}, "Issuer needs an Audience", id="an issuer for everybody"),
        pytest.param({**OTHERWISE, "IdentityProvider": "okta"}, "Keep one", id="two ways of saying who"),
        pytest.param({**LEAST, "SharedSecretKeyArn": KEY}, "Give that too", id="a key without its secret"),
        pytest.param(
            {"IdentityProvider": "google", "ClientId": "x", "SharedSecretArn": SECRET},
            "Leave SharedSecretArn empty",
            id="a secret for a provider with keys",
        ),
        pytest.param({**OTHERWISE, "AppInstanceName": "Chat"}, "Leave it empty", id="a name for what is there"),
        pytest.param({**LEAST, "DomainName": "a.example.com"}, "CertificateArn", id="a domain without certificate"),
        pytest.param({**LEAST, "CertificateArn": "arn"}, "DomainName", id="a certificate without domain"),
        pytest.param({**LEAST, "HostedZoneId": "Z1"}, "HostedZoneId", id="a zone without domain"),
        pytest.param({**OTHERWISE, "AllowedSourceRanges": "192.0.2.0/24"}, "one web ACL", id="two web ACLs"),
        pytest.param({**OTHERWISE, "RequestsPerAddress": "100"}, "one web ACL", id="two web ACLs, one for a limit"),
        pytest.param({**OTHERWISE, "AlarmEmail": "a@example.com"}, "Keep one", id="two addresses for alarms"),
    ],
)
def test_what_does_not_go_together_is_refused(parameters: dict[str, str], message: str) -> None:
    assert any(message in said for said in broken(parameters))


def test_app_instance_cannot_be_created_where_chime_is_not() -> None:
    assert any("us-east-1 and eu-central-1" in said for said in broken(LEAST, "eu-west-1"))
    assert broken(OTHERWISE, "eu-west-1") == []


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        pytest.param("AllowedSourceRanges", "", True, id="everybody"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/24,198.51.100.7/32", True, id="two ranges"),
        pytest.param("AllowedSourceRanges", "128.0.0.0/1", True, id="the largest that WAF knows"),
        pytest.param("AllowedSourceRanges", "0.0.0.0/0", False, id="everybody as a range, which WAF refuses"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/24,0.0.0.0/0", False, id="everybody beside a range"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/33", False, id="more bits than there are"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/08", False, id="a leading zero"),
        pytest.param("AllowedSourceRanges", "192.0.256.0/24", False, id="more than a byte"),
        pytest.param("AllowedSourceRanges", "192.0.2/24", False, id="three bytes"),
    ],
)
def test_pattern_takes_what_aws_takes(name: str, value: str, *, accepted: bool) -> None:
    # CloudFormation looks for the pattern in the whole of a value.
    assert bool(re.fullmatch(source()["Parameters"][name]["AllowedPattern"], value)) == accepted
