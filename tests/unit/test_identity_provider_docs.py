"""Each entry that the documentation shows is one that the authorizer takes, and each preset and option is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from authorizer.clock import Clock
from authorizer.presets import PRESETS
from authorizer.settings import OPTIONS, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "identity-providers.md").read_text()
ENTRIES = re.findall(r"^```json\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", ENTRIES, ids=lambda text: str(json.loads(text)[0].get("preset", "oidc")))
def test_entry_is_taken(text: str) -> None:
    settings = Settings.from_environ({"PROVIDERS": text}, Clock())

    assert len(settings.providers.all) == len(json.loads(text))


def test_every_preset_has_its_entry() -> None:
    shown = {entry.get("preset", "oidc") for text in ENTRIES for entry in json.loads(text)}

    assert shown == set(PRESETS)


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_is_explained(option: str) -> None:
    table = PAGE.partition("## All options")[2]

    assert f"`{option}`" in table
