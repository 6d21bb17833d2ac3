"""The answers file: read as SAM reads it, written so that people and SAM read the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samcli.cli.types import CfnParameterOverridesType  # type: ignore[import-untyped]

from authorizer.clock import Clock
from authorizer.presets import PRESETS
from authorizer.settings import Settings
from operations.all_values import all_values
from operations.answers import read, write
from operations.errors import OperationError
from operations.samconfig import SAMCONFIG, environment
from operations.template import Template

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENTS = SAMCONFIG.parent / "environments"
TEMPLATE = Template()
OWN = '[{"name": "main", "preset": "auth0", "domain": "tenant.eu.auth0.com", "audience": "https://api.example.com"}]'


def by_sam(path: Path) -> dict[str, str]:
    """Return what SAM makes of the file."""
    read_by_sam: dict[str, str] = CfnParameterOverridesType().convert([f"file://{path}"], None, None)
    return read_by_sam


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "environments" / "dev.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("# a comment\n", {}, id="a comment alone"),
        pytest.param("Messaging: member\n", {"Messaging": "member"}, id="a word"),
        pytest.param("AccessLog: on\n", {"AccessLog": "on"}, id="on, which is no boolean in YAML 1.2"),
        pytest.param('Tracing: "true"\n', {"Tracing": "true"}, id="true in quotes"),
        pytest.param("LogRetentionDays: 7 # days\n", {"LogRetentionDays": "7"}, id="a number"),
        pytest.param("LogRetentionDays: 0x10\n", {"LogRetentionDays": "16"}, id="a number in hexadecimal"),
        pytest.param("AlarmEmail:\n", {"AlarmEmail": ""}, id="null"),
        pytest.param("AllowedOrigins:\n  - https://a.example\n  - ' https://b.example '\n  -\n",
                     {"AllowedOrigins": "https://a.example,https://b.example"}, id="a list"),
        pytest.param("AllowedOrigins: []\n", {"AllowedOrigins": ""}, id="an empty list"),
        pytest.param("Some: [1, two]\n", {"Some": "1,two"}, id="a list with a number"),
        pytest.param(f"Providers: >-\n  {OWN[:30]}\n  {OWN[30:]}\n", {"Providers": f"{OWN[:30]} {OWN[30:]}"},
                     id="JSON in a block"),
        pytest.param(f"Providers: |-\n  {OWN}\n", {"Providers": OWN}, id="JSON in a literal block"),
        pytest.param("A: &a x\nB: *a\n", {"A": "x", "B": "x"}, id="an alias"),
        pytest.param("A: Zürich 7€\n", {"A": "Zürich 7€"}, id="more than ASCII"),
    ],
)  # fmt: skip
def test_file_is_read_as_sam_reads_it(tmp_path: Path, text: str, values: dict[str, str]) -> None:
    path = written(tmp_path, text)

    assert read(path).values == values
    assert by_sam(path) == values


def test_included_file_is_read_as_sam_reads_it(tmp_path: Path) -> None:
    path = written(tmp_path, "Messaging: member\n$include: file://common.yaml\nTracing: 'true'\n")
    (path.parent / "common.yaml").write_text("Messaging: minimal\nTracing: 'false'\nDashboard: 'true'\n")

    assert read(path).values == by_sam(path) == {"Messaging": "minimal", "Tracing": "true", "Dashboard": "true"}
    assert read(path).places["Dashboard"] == "environments/common.yaml, line 3"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("A: x\nTracing: true\n", "dev.yaml, line 2: SAM makes True of this. Write Tr", id="a boolean"),
        pytest.param("A:\n  - [x, y]\n", "line 1: A holds something else than texts", id="a list within a list"),
        pytest.param("Providers:\n  - name: main\n", "Write Providers: >- and the JSON in", id="an object"),
        pytest.param("A: {b: c}\n", "A is neither a text nor a whole number", id="a mapping"),
        pytest.param("A: 1.50\n", "A is neither a text nor a whole number", id="a fraction"),
        pytest.param("A: 2026-01-01\n", "A is neither a text nor a whole number", id="a date"),
        pytest.param("A: [true]\n", "A holds something else", id="a boolean in a list"),
        pytest.param("""A: '"x"'\n""", "SAM takes these quotes off A", id="quotes within quotes"),
        pytest.param("""Providers: '[{"name": "a\\"b"}]'\n""", "Write .u0022 for", id="an escaped quote"),
        pytest.param("- A\n", "dev.yaml: write one parameter a line", id="a list of nothing in particular"),
        pytest.param("A: x\nA: y\n", "line 2: this is no YAML", id="a name twice"),
        pytest.param("A: [x\n", "this is no YAML", id="no YAML"),
        pytest.param("$include: file://other.yaml\n", "line 1: there is no file file", id="no such include"),
        pytest.param("$include: file://dev.yaml\n", "file://dev.yaml includes itself", id="an include of itself"),
    ],
)  # fmt: skip
def test_what_sam_would_read_otherwise_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(OperationError, match=words):
        read(written(tmp_path, text))


def test_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "dev.yaml").values == {}


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(OperationError, match="cannot be read"):
        read(path)


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────


def test_new_file_has_a_value_a_line_lists_as_lists_and_says_what_each_is_for(tmp_path: Path) -> None:
    path = tmp_path / "environments" / "dev.yaml"

    write(path, {"Providers": OWN, "AllowedOrigins": "https://a.example,https://b.example", "Tracing": "true",
                 "LogRetentionDays": "7"}, TEMPLATE)  # fmt: skip

    lines = path.read_text().splitlines()
    first = lines.index("Providers: >-")
    assert lines[first : first + 5] == [
        "Providers: >-",
        '  [{"name": "main",',
        '  "preset": "auth0",',
        '  "domain": "tenant.eu.auth0.com",',
        '  "audience": "https://api.example.com"}]',
    ]
    assert [line for line in lines[first + 5 :] if not line.startswith("#")] == [
        "AllowedOrigins:", "  - https://a.example", "  - https://b.example", 'Tracing: "true"', "LogRetentionDays: 7",
    ]  # fmt: skip
    assert all(line.startswith("# ") and len(line) <= 120 for line in lines[:first])
    assert "# Whether X-Ray traces requests through API Gateway and the functions." in lines


def test_writing_keeps_the_comments_and_the_order_of_what_stays(tmp_path: Path) -> None:
    path = written(
        tmp_path, '# Ours.\nTracing: "true"\n\n# Why so long? The auditors.\nLogRetentionDays: 90 # days\nA: x\n'
    )

    write(path, {"LogRetentionDays": "90", "Tracing": "false", "Messaging": "member"}, TEMPLATE)

    text = path.read_text()
    assert text.startswith('# Ours.\nTracing: "false"\n')
    assert "# Why so long? The auditors.\nLogRetentionDays: 90 # days\n" in text
    assert "A: x" not in text
    assert text.endswith('Messaging: "member"\n')


TEXTS = st.text(alphabet="ab \\\"'{}[]:,#&*!|>%@`\n\t-?äé€", max_size=12)


@settings(deadline=None)  # no test depends on speed
@given(
    st.lists(
        st.dictionaries(TEXTS, st.one_of(TEXTS, st.booleans(), st.lists(TEXTS)), min_size=1), min_size=1, max_size=3
    )
)
def test_whatever_json_is_written_people_sam_and_we_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, entries: object
) -> None:
    path = tmp_path_factory.mktemp("answers") / "dev.yaml"

    write(path, {"Providers": json.dumps(entries)}, TEMPLATE)

    assert json.loads(read(path).values["Providers"]) == entries
    assert read(path).values == by_sam(path)


@pytest.mark.parametrize("path", sorted(ENVIRONMENTS.rglob("*.yaml")), ids=lambda path: path.name)
def test_file_of_ours_is_read_as_sam_reads_it_and_has_only_what_differs(path: Path) -> None:
    values = read(path).values

    assert values == by_sam(path)
    assert values == TEMPLATE.differing(values)
    assert [problem for name, value in values.items() for problem in TEMPLATE.problems(name, value)] == []


# ── Examples ─────────────────────────────────────────────────────────────────────────────────────────


def test_each_preset_has_an_example_and_no_other_has() -> None:
    assert {path.stem for path in (ENVIRONMENTS / "examples").glob("*")} == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_example_starts_the_authorizer_and_goes_through_the_template_s_rules(preset: str) -> None:
    path = ENVIRONMENTS / "examples" / f"{preset}.yaml"
    values = read(path).values

    [provider] = json.loads(values["Providers"])
    assert provider["preset"] == preset
    assert TEMPLATE.broken_rules(values, "us-east-1") == []
    Settings.from_environ({"PROVIDERS": values["Providers"]}, Clock())
    for option in provider.keys() - {"name", "preset"}:
        assert f"# {option}: " in path.read_text()


def test_samconfig_names_the_answers_of_each_environment() -> None:
    for name in ("dev", "prod"):
        assert environment({"ENV": name}).answers == ENVIRONMENTS / f"{name}.yaml"


def test_every_parameter_is_deployed_with_its_answer_or_the_default_of_today(tmp_path: Path) -> None:
    said = read(
        written(tmp_path, f"Providers: >-\n  {OWN}\nAllowedOrigins: [https://a.example, https://b.example]\n")
    ).values
    path = tmp_path / "parameters.yaml"

    path.write_text(json.dumps(all_values(said, TEMPLATE)), encoding="utf-8")

    by_name = by_sam(path)
    assert by_name == {name: said.get(name, TEMPLATE.default(name)) for name in TEMPLATE.parameters}
    assert by_name["Providers"] == OWN
    assert by_name["AllowedOrigins"] == "https://a.example,https://b.example"
