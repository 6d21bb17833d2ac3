"""The list of what the local AWS plays and infers is whole, and says what the code says."""

from __future__ import annotations

import re
import textwrap

import pytest

from local.aws.aws_request import SERVICES
from tests import inventory


def test_page_is_the_one_that_the_code_makes() -> None:
    assert inventory.PAGE.read_text() == inventory.page(), f"Run: .venv/bin/{inventory.COMMAND}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param(
            '"""It is 404. That AWS says so is inferred."""',
            ["It is 404. That AWS says so is inferred."],
            id="docstring",
        ),
        pytest.param('"""It is known."""', [], id="nothing inferred"),
        pytest.param('A = 1\n"""Inferred."""', ["Inferred."], id="the docstring of a constant"),
        pytest.param("def a():\n    # Inferred: it is\n    # 404.\n    b()", ["Inferred: it is 404."], id="comment"),
        pytest.param("a()  # inferred\nb()  # known", ["inferred"], id="comment beside code"),
        pytest.param('"""One. Two. Three is inferred. Four."""', ["Two. Three is inferred."], id="the sentence before"),
        pytest.param('"""Known.\n\nInferred:\n\n- a\n- b\n\nKnown."""', ["Inferred:\n  - a\n  - b"], id="a list"),
        pytest.param('"""Known:\n\n- a\n- b is inferred\n"""', ["b is inferred"], id="an item of a list"),
        pytest.param("a = 'inferred' + b", [], id="a text of the program"),
    ],
)
def test_marks_are_found(source: str, found: list[str]) -> None:
    assert list(inventory.marked(textwrap.dedent(source))) == found


@pytest.mark.parametrize("service", ["chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings"])
def test_every_operation_is_in_one_of_the_two_lists(service: str) -> None:
    played, missing = inventory.operations(service)
    assert played
    assert not set(played) & set(missing)


def test_every_operation_that_a_user_role_may_allow_is_played_but_that_of_elastic_channels() -> None:
    allowed = set(re.findall(r"\bchime:(\w+)", (inventory.ROOT / "template.yaml").read_text())) - {"Connect"}
    missing = {name for service in SERVICES["chime"] for name in inventory.operations(service)[1]}
    assert allowed > {"CreateChannel", "SearchChannels", "CreateAttendee", "RegisterAppInstanceUserEndpoint"}
    assert allowed & missing == {"ListSubChannels"}
