"""Regular expressions as a layer brings them: made by Python's compiler, and only for the engine that they are for."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests import layers

if TYPE_CHECKING:
    from pathlib import Path

expressions = layers.module("expressions")
ENGINE = (re._compiler._sre.MAGIC, re._compiler._sre.CODESIZE)  # type: ignore[attr-defined]  # noqa: SLF001


def given(monkeypatch: pytest.MonkeyPatch, *rows: object, engine: object = ENGINE) -> dict[object, re.Pattern[str]]:
    """Return Python's cache after a start with a layer that has *rows* for *engine*; it was empty before."""
    cache: dict[object, re.Pattern[str]] = {}
    monkeypatch.setattr(re, "_cache", cache)
    written = SimpleNamespace(ENGINE=engine, EXPRESSIONS=rows)
    monkeypatch.setitem(sys.modules, "compiled_expressions", written)
    layers.module("regular_expressions")
    return cache


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("a|b", 0),
        ("(?P<year>[0-9]{4})-(?P<month>[0-9]{2})(x)?", 0),
        (r"[^\W\d_]+", re.IGNORECASE | re.VERBOSE),
        (rb"(\xff+)$", re.ASCII),
        ("(?i)[α-ω\U0001f600-\U0001f64f]", 0),  # noqa: RUF001 - large sets are coded in another way
    ],
)
def test_what_is_brought_is_what_python_compiles(
    pattern: str | bytes, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = re.compile(pattern, flags)

    cache = given(monkeypatch, (pattern, int(flags), *expressions.made_of(pattern, flags)))

    found = cache[type(pattern), pattern, flags]
    assert found is not expected
    assert found == expected
    assert (found.groups, found.groupindex, found.flags) == (expected.groups, expected.groupindex, expected.flags)
    assert re.compile(pattern, flags) is found


def test_last_group_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = "(?P<year>[0-9]{4})-(?P<month>[0-9]{2})"
    [found] = given(monkeypatch, (pattern, 0, *expressions.made_of(pattern, 0))).values()

    match = found.match("2026-11")
    assert match is not None
    assert (match.lastgroup, match.groupdict()) == ("month", {"year": "2026", "month": "11"})


@pytest.mark.parametrize("engine", [(ENGINE[0] + 1, ENGINE[1]), (ENGINE[0], 2)])
def test_another_engine_gets_nothing(engine: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not given(monkeypatch, ("a", 0, *expressions.made_of("a", 0)), engine=engine)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(("b", 0, 0, bytes(8), (None,)), id="code that the engine refuses"),
        pytest.param(("b", 0, 0, bytes(7), (None,)), id="half a word of code"),
        pytest.param(("b", 0, -(2**40), bytes(8), (None,)), id="flags that are none"),
        pytest.param(("b", 0), id="too little"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_is_broken_is_left_out(broken: object, monkeypatch: pytest.MonkeyPatch) -> None:
    good = ("a", 0, *expressions.made_of("a", 0))
    assert [*given(monkeypatch, good, broken)] == [(str, "a", 0)]


def test_python_without_such_a_cache_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions' packages take an ImportError for a layer that brings nothing."""
    monkeypatch.setitem(sys.modules, "compiled_expressions", SimpleNamespace(ENGINE=ENGINE, EXPRESSIONS=()))
    monkeypatch.delattr(re, "_cache")
    with pytest.raises(ImportError):
        layers.module("regular_expressions")


def test_function_that_cannot_be_imported_leaves_the_layer_as_it_is(tmp_path: Path) -> None:
    script = layers.ROOT / "layers" / "expressions.py"
    command = [sys.executable, "-PSBs", str(script), str(tmp_path), str(tmp_path), "signin"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stderr.startswith("Each start of signin will compile its regular expressions; see ")
    assert not [*tmp_path.iterdir()]
