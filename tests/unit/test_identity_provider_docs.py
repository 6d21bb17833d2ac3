"""What the documentation says of providers is what the authorizer does: each entry, each table, each option."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from authorizer.clock import Clock
from authorizer.errors import SettingsError
from authorizer.presets import PRESETS
from authorizer.settings import OPTIONS, Settings
from tests.shape import Shape, decide
from tests.shapes import SHAPES
from tests.shapes_without_preset import NEIGHBOURS

PAGE = (Path(__file__).parents[2] / "docs" / "identity-providers.md").read_text()
ENTRIES = re.findall(r"^```json\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
ALONE = [entries[0] for entries in map(json.loads, ENTRIES) if len(entries) == 1]
ROWS = {
    row[0]: row[1:]
    for row in re.findall(
        r"^\| \[`([\w-]+)`\]\(#[\w-]+\) \| (.*?) \| (.*?) \|(.*?)\| .*? \|$", PAGE, flags=re.MULTILINE
    )
}
"""Of the table of presets: what their users give, where the name is from, and what is refused."""


def spans(cell: str) -> list[str]:
    return re.findall("`(.*?)`", cell)


def shown(preset: str) -> dict[str, Any]:
    """Return the first entry that the page has for *preset*."""
    return next(entry for entry in ALONE if entry.get("preset", "oidc") == preset)


def settings(entry: dict[str, Any]) -> Settings:
    return Settings.from_environ({"PROVIDERS": json.dumps([entry])}, Clock())


@pytest.mark.parametrize("text", ENTRIES, ids=lambda text: str(json.loads(text)[0].get("preset", "oidc")))
def test_entry_is_taken(text: str) -> None:
    made = Settings.from_environ({"PROVIDERS": text}, Clock())

    assert len(made.providers.all) == len(json.loads(text))


@pytest.mark.parametrize("shape", [*SHAPES.values(), *NEIGHBOURS.values()], ids=[*SHAPES, *NEIGHBOURS])
def test_entry_of_a_provider_takes_a_token_of_its_shape(shape: Shape) -> None:
    named = [entry for entry in ALONE if {"name": "main", **shape.options} == entry]
    preset = shape.options.get("preset", "oidc")

    for entry in named or [shown(preset)]:
        changed = {name: value for name, value in shape.options.items() if entry.get(name) != value}
        as_shown = Shape(entry, shape.claims, shape.caller, shape.header, shape.signer, shape.jwk)
        assert decide(as_shown, options=changed) == decide(shape)


def test_every_entry_of_a_provider_has_a_token() -> None:
    tried = [{"name": "main", **shape.options} for shape in [*SHAPES.values(), *NEIGHBOURS.values()]]
    untried = [entry for entry in ALONE if entry not in tried]

    assert [entry.get("preset", entry["issuer"]) for entry in untried if "secret_arn" not in entry] == [
        ["https://id.example.com/", "https://login.example.com/"],  # see test_identity_options.py
        "http://adfs.example.com/adfs/services/trust",  # see test_authorizer_settings.py
        "https://id.example.com/",  # of "Who may sign in", see test_claims.py
    ]


def test_every_preset_has_its_entry_and_its_row() -> None:
    assert {entry.get("preset", "oidc") for entry in ALONE} == set(PRESETS)
    assert set(ROWS) == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_row_says_what_users_give(preset: str) -> None:
    entry = shown(preset)

    assert spans(ROWS[preset][0]) == [option for option in entry if option not in ("name", "preset")]
    for option in spans(ROWS[preset][0]):
        with pytest.raises(SettingsError, match=f"{option} is missing"):
            settings({name: value for name, value in entry.items() if name != option})


@pytest.mark.parametrize("preset", PRESETS)
def test_row_says_where_the_name_is_from(preset: str) -> None:
    assert tuple(spans(ROWS[preset][1])) == settings(shown(preset)).providers.all[0].name_claims


@pytest.mark.parametrize("preset", PRESETS)
def test_row_says_what_is_refused(preset: str) -> None:
    assert ROWS[preset][2].strip() == ", ".join(PRESETS[preset].refused_token_patterns)


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_is_explained(option: str) -> None:
    table = PAGE.partition("## All options")[2]

    assert f"`{option}`" in table


@pytest.mark.parametrize("preset", PRESETS)
def test_every_option_of_a_preset_alone_is_named(preset: str) -> None:
    assert all(f"`{option}`" in PAGE or f'"{option}"' in PAGE for option in PRESETS[preset].option_names)
