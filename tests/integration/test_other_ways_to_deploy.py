"""What docs/other-ways-to-deploy.md says of the template is so. The ways themselves are not tried, as the page says."""

from __future__ import annotations

import json
import re

import pytest

from authorizer.clock import Clock
from authorizer.settings import Settings
from local.stack import TEMPLATE
from tests.translated import SETS, Translated, source

PAGE = (TEMPLATE.parent / "docs" / "other-ways-to-deploy.md").read_text()
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
ENTRY = re.compile(r"\[\{ (.*?) \}\]")


def test_page_says_first_that_nobody_has_tried_it() -> None:
    assert re.match(r"# .*\n\n\*\*Nobody has tried", PAGE)


def test_template_is_too_large_for_a_request_and_not_for_a_url() -> None:
    # Both limits are Terraform's, which are CloudFormation's or less. Packaging replaces two paths by longer addresses.
    assert 51_200 < TEMPLATE.stat().st_size < 460_800 / 2


@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_roles_need_no_capability_for_names(parameters: dict[str, str]) -> None:
    roles = [each for each in Translated(parameters).resources().values() if each["Type"] == "AWS::IAM::Role"]

    assert roles
    assert not any("RoleName" in role["Properties"] for role in roles)


def test_template_is_translated_by_cloudformation_and_names_what_that_makes() -> None:
    assert source()["Transform"] == "AWS::Serverless-2016-10-31"
    assert source()["Resources"]["WebAclAssociation"]["Properties"]["ResourceArn"]["Fn::Sub"][1] == {
        "Stage": {"Ref": "Api.Stage"}
    }


@pytest.mark.parametrize("language", ["hcl", "ts"])
def test_parameters_and_outputs_are_those_of_the_template(language: str) -> None:
    given = BLOCKS[language].partition("parameters")[2].partition("}\n")[0]
    outputs = re.findall(r"outputs\[\"(\w+)\"\]|Outputs\.(\w+)", BLOCKS[language])

    names = set(re.findall(r"^ +([A-Z]\w+) *[:=]", given, re.MULTILINE))
    assert names == {"Providers", "AllowedOrigins"}
    assert names <= set(source()["Parameters"])
    assert {one or other for one, other in outputs} == {"SigninUrl"}


@pytest.mark.parametrize("language", ["hcl", "ts"])
def test_entry_is_one_that_the_authorizer_takes(language: str) -> None:
    entry = dict(re.findall(r'(\w+)(?: =|:) "(.*?)"', ENTRY.findall(BLOCKS[language])[0]))
    settings = Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock())

    assert [each.name for each in settings.providers.all] == ["main"]
