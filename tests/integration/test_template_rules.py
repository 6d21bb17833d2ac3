"""Parameters that contradict each other are refused before anything is changed, by a sentence that says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from authorizer.clock import Clock
from authorizer.settings import Settings
from operations.answers import read
from operations.parameters import constraint_violations
from operations.rules import failed_assertions
from tests.translated import ALTERNATIVES, KEY, LEAST, SECRET, SETS, deployed, source

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "identity-providers.md").read_text()
ENTRIES = re.findall(r"^```json\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
A_SECRET = {"SharedSecretArn": SECRET}


def taken(name: str, value: str) -> bool:
    """Tell whether CloudFormation takes *value*: it holds the pattern against the whole of it."""
    return bool(re.fullmatch(source()["Parameters"][name]["AllowedPattern"], value))


def broken(parameters: dict[str, str], region: str = "us-east-1") -> list[str]:
    return failed_assertions(source(), {"AWS::Region": region, **parameters})


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_good_parameters_break_no_rule(parameters: dict[str, str]) -> None:
    assert broken(parameters) == []


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_providers_are_what_the_authorizer_gets(parameters: dict[str, str]) -> None:
    deployment, _ = deployed(parameters)
    environment = deployment.functions["AuthorizerFunction"].environment

    assert environment["PROVIDERS"] == parameters["Providers"]
    assert [each.name for each in Settings.from_environ(environment, Clock()).providers.all] == ["main"]


@pytest.mark.parametrize("text", ENTRIES, ids=lambda text: str(json.loads(text)[0].get("preset", "oidc")))
def test_every_entry_of_the_documentation_is_taken(text: str) -> None:
    assert taken("Providers", text)


@pytest.mark.parametrize("page", ["docs/deploying.md", "docs/identity-providers.md", "CHANGELOG.md"])
def test_answers_on_a_page_can_be_deployed(page: str, tmp_path: Path) -> None:
    [block] = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "dev.yaml"
    file.write_text(block)
    values = read(file).values

    assert "Providers" in values
    assert constraint_violations(source()["Parameters"], values) == []
    assert broken(dict(values)) == []
    assert set(values) <= set(source()["Parameters"])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[{", id="what SAM makes of a list that is quoted once"),
        pytest.param("[]", id="a list of nobody"),
        pytest.param('["main"]', id="a list of names"),
        pytest.param('{"name": "main"}', id="no list"),
        pytest.param("[{'name': 'main'}], more", id="more behind it"),
        pytest.param("main", id="a name"),
    ],
)
def test_providers_that_are_no_list_of_entries_are_refused(text: str) -> None:
    assert not taken("Providers", text)


def test_whoever_says_nothing_or_something_wrong_of_providers_is_told_where_one_stands() -> None:
    [nothing] = broken({})

    for said in (nothing, source()["Parameters"]["Providers"]["ConstraintDescription"]):
        assert "make deploy" in said
        assert "environments/examples/" in said


def test_secret_that_providers_name_is_read_by_permission_of_another_parameter_alone() -> None:
    readers = [deployed(parameters)[1]["AuthorizerFunctionRole"] for parameters in (LEAST, {**LEAST, **A_SECRET})]

    may_read = [[SECRET in each["Resource"] for each in statements] for statements in readers]
    assert [any(each) for each in may_read] == [False, True]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param({}, "Say whose tokens sign in", id="no identity provider"),
        pytest.param({**LEAST, "SharedSecretKeyArn": KEY}, "Give SharedSecretArn, too", id="a key without its secret"),
        pytest.param({**ALTERNATIVES, "AppInstanceName": "Chat"}, "Leave it empty", id="a name for what is there"),
        pytest.param({**LEAST, "DomainName": "a.example.com"}, "CertificateArn", id="a domain without certificate"),
        pytest.param({**LEAST, "CertificateArn": "arn"}, "DomainName", id="a certificate without domain"),
        pytest.param({**LEAST, "HostedZoneId": "Z1"}, "HostedZoneId", id="a zone without domain"),
        pytest.param({**ALTERNATIVES, "AllowedSourceRanges": "192.0.2.0/24"}, "one web ACL", id="two web ACLs"),
        pytest.param({**ALTERNATIVES, "RequestsPerAddress": "100"}, "one web ACL", id="two web ACLs, one for a limit"),
        pytest.param({**ALTERNATIVES, "AlarmEmail": "a@example.com"}, "Keep one", id="two addresses for alarms"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(parameters: dict[str, str], message: str) -> None:
    assert any(message in sentence for sentence in broken(parameters))


def test_app_instance_cannot_be_created_where_chime_is_not() -> None:
    assert any("us-east-1 and eu-central-1" in sentence for sentence in broken(LEAST, "eu-west-1"))
    assert broken(ALTERNATIVES, "eu-west-1") == []


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        pytest.param("AllowedSourceRanges", "", True, id="no limit"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/24,198.51.100.7/32", True, id="two ranges"),
        pytest.param("AllowedSourceRanges", "128.0.0.0/1", True, id="the largest range that WAF accepts"),
        pytest.param("AllowedSourceRanges", "0.0.0.0/0", False, id="all addresses as one range, which WAF refuses"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/24,0.0.0.0/0", False, id="all addresses beside a range"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/33", False, id="more bits than there are"),
        pytest.param("AllowedSourceRanges", "192.0.2.0/08", False, id="a leading zero"),
        pytest.param("AllowedSourceRanges", "192.0.256.0/24", False, id="more than a byte"),
        pytest.param("AllowedSourceRanges", "192.0.2/24", False, id="three bytes"),
    ],
)
def test_pattern_takes_what_aws_takes(name: str, value: str, *, accepted: bool) -> None:
    assert taken(name, value) == accepted
