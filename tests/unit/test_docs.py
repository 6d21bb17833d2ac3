"""What the documentation names is there: pages, sections, files, commands, decisions and words."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest

from authorizer.presets import PRESETS
from authorizer.settings import OPTIONS
from local.chime.chimesdkmeetings.behaviours import Behaviours
from rooms.answers import ERRORS as ROOMS_ERRORS
from signin.answers import ERRORS
from tests.translated import EVERYTHING, Translated, source

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = {int(path.name[:4]): path for path in sorted(DOCS.glob("decisions/*.md"))}
PAGES = [
    *(ROOT / path for path in ("README.md", "CHANGELOG.md", "benchmarks/README.md", "web_client/README.md")),
    *sorted(DOCS.rglob("*.md")),
]
LIVING = [path for path in PAGES if path not in DECISIONS.values()]
"""The pages that describe what is there now; a decision describes what was there on its date."""

INDEX = (DOCS / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
RENAMED = (ROOT / "CHANGELOG.md").read_text().partition("### Renamed")[2].partition("\n### ")[0]
GONE = (ROOT / "CHANGELOG.md").read_text().partition("### Parameters that are options now")[2].partition("\n### ")[0]
FOLDERS = "environments|signin_function|layers|local|operations|tests|benchmarks|web_client|events|docs"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """Return the page at *path* without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the anchors that GitHub gives to the headings of the page at *path*."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE):
        text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return frozenset(found)


def links(text: str) -> list[tuple[str, str]]:
    """Return the relative links in *text*, each as a path and an anchor; either may be empty."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [(path, anchor) for path, _, anchor in (target.partition("#") for target in targets) if ":" not in path]


def leads_somewhere(page: Path, path: str, anchor: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


# ── Links ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_section(page: Path) -> None:
    assert [link for link in links(prose(page)) if not leads_somewhere(page, *link)] == []


@pytest.mark.parametrize(
    ("path", "anchor", "leads"),
    [
        pytest.param("glossary.md", "", True, id="a page"),
        pytest.param("glossary.md", "who-and-what", True, id="a section"),
        pytest.param("", "decisions", True, id="a section of the same page"),
        pytest.param("glosary.md", "", False, id="a page that is missing"),
        pytest.param("glossary.md", "who-and-where", False, id="a section that is missing"),
    ],
)
def test_link_is_followed(path: str, anchor: str, *, leads: bool) -> None:
    assert leads_somewhere(DOCS / "README.md", path, anchor) is leads


def test_code_names_sections_that_there_are() -> None:
    code = [
        path
        for folder in ("signin_function", "local", "operations", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ]
    named = {
        (path, target, anchor)
        for path in [*code, ROOT / "template.yaml", ROOT / "Makefile", ROOT / "samconfig.toml"]
        for target, anchor in re.findall(
            r"(?<![/\w])((?:docs|benchmarks)/[\w/.-]+\.md)(?:#([\w-]+))?", path.read_text()
        )
    }

    assert {target for _, target, _ in named} >= {"docs/operating.md", "docs/permissions.md", "docs/revocation.md"}
    assert {each for each in named if not leads_somewhere(ROOT / "README.md", *each[1:])} == set()


def test_readme_fits_three_screens() -> None:
    shown = re.sub(r"^```mermaid.*?^```$", "", (ROOT / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)

    assert len(shown.splitlines()) <= 3 * 45


# ── Files and commands ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", prose(page))

    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", LIVING, ids=name)
def test_make_knows_every_command_that_a_page_names(page: Path) -> None:
    text = page.read_text().replace(RENAMED, "")

    assert set(re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", text, re.MULTILINE)) <= TARGETS


def test_index_names_every_page() -> None:
    linked = {(DOCS / path).resolve() for path, _ in links(INDEX)}

    assert {path for path in DOCS.glob("*.md") if path.name != "README.md"} <= linked


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────


def first_column(page: str, heading: str) -> list[str]:
    """Return the names in the first column of the tables under *heading*."""
    section = f"\n{(DOCS / page).read_text()}".partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    return [
        name for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    ]


def test_settings_has_every_variable_of_the_functions_and_no_other() -> None:
    functions = map(Translated(EVERYTHING).of, Translated(EVERYTHING).resources("AWS::Lambda::Function"))
    variables = {variable for function in functions for variable in function["Environment"]["Variables"]}

    assert sorted(first_column("settings.md", "# Settings of the functions")) == sorted(variables)


def test_deploying_has_every_parameter_in_order_and_no_other() -> None:
    groups = source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    parameters = [parameter for group in groups for parameter in group["Parameters"]]

    assert sorted(first_column("deploying.md", "## All parameters")) == sorted(parameters)
    assert set(parameters) == set(source()["Parameters"])


def test_deploying_has_the_default_of_every_parameter() -> None:
    section = (DOCS / "deploying.md").read_text().partition("\n## All parameters\n")[2]
    rows = re.findall(r"^\| (`.*?) \|(.*?)\|", section, re.MULTILINE)
    shown = {name: default.strip(" `") for cell, default in rows for name in re.findall(r"`(\w+)`", cell)}

    assert shown == {name: str(parameter["Default"]) for name, parameter in source()["Parameters"].items()}


def test_api_has_every_status_with_its_error_and_no_other() -> None:
    responses = Translated(EVERYTHING).of("Api")["Body"]["x-amazon-apigateway-gateway-responses"].values()
    gateway_s = {
        (
            str(response.get("statusCode", "other 4xx")),
            json.loads(response["responseTemplates"]["application/json"])["error"],
        )
        for response in responses
    }
    handler_s = {(str(status), error) for status, error, *_ in ERRORS.values()} | {("500", "internal")}
    shown = re.findall(r"^\| (\d{3}|other 4xx) \| `(\w+)`", (DOCS / "api.md").read_text(), re.MULTILINE)

    assert set(shown) == gateway_s | handler_s


def test_rooms_has_every_status_with_its_error_and_no_other() -> None:
    shown = re.findall(r"^\| (\d{3}) \| `(\w+)`", (DOCS / "rooms.md").read_text(), re.MULTILINE)
    of_every_route = set(re.findall(r"^\| (\d{3}) \| `(\w+)`", (DOCS / "api.md").read_text(), re.MULTILINE))
    rooms_s = {(str(status), error) for status, error, *_ in ROOMS_ERRORS.values()}

    assert rooms_s - of_every_route <= set(shown) <= rooms_s


def actions_of(preset: str) -> set[str]:
    """Return the actions of Chime that permissions.md lists for a preset of messaging."""
    section = (DOCS / "permissions.md").read_text().partition(f"\n### Messaging: `{preset}`")[2].partition("\n### ")[0]
    return set(re.findall(r"^\| `chime:(\w+)`", section, re.MULTILINE))


def test_web_apps_says_of_every_action_that_minimal_lacks_who_does_it() -> None:
    section = (DOCS / "web-apps.md").read_text().partition("\n## What `minimal` cannot do\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| .+? \| (`.+?) \|", section, re.MULTILINE)
    named = [action for cell in cells for action in re.findall(r"`(\w+)`", cell)]

    assert len(named) > 20
    assert sorted(named) == sorted(actions_of("member") - actions_of("minimal"))


def test_web_tokens_says_of_every_preset_which_token_it_takes() -> None:
    section = (DOCS / "web-tokens.md").read_text().partition("\n## Which token\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)) == set(PRESETS)


# ── Decisions ────────────────────────────────────────────────────────────────────────────────────────


def head(number: int) -> dict[str, str]:
    """Return the fields at the top of the decision with that number: Date, Status and what it has to do with others."""
    return dict(re.findall(r"^- ([A-Z][a-z ]+): (.*)$", DECISIONS[number].read_text(), re.MULTILINE))


def others(number: int, field: str) -> set[int]:
    """Return the decisions that a field of that decision links to."""
    found = re.findall(r"\[(\d+)\]\((\d{4})-[\w-]+\.md\)", head(number).get(field, ""))
    assert all(int(shown) == int(linked) for shown, linked in found)
    return {int(shown) for shown, _ in found}


def test_decisions_are_numbered_one_by_one() -> None:
    assert [int(path.name[:4]) for path in sorted(DOCS.glob("decisions/*.md"))] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("number", DECISIONS)
def test_decision_has_its_number_a_date_a_status_and_its_parts(number: int) -> None:
    text = DECISIONS[number].read_text()

    assert text.startswith(f"# {number}. ")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", head(number)["Date"])
    assert re.fullmatch(r"accepted|superseded by \[\d+\]\(\S+\)", head(number)["Status"])
    assert re.findall(r"\*\*(Context|Decision|Consequences)\.\*\*", text) == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("number", DECISIONS)
@pytest.mark.parametrize(
    ("by", "over"),
    [
        pytest.param("Status", "Supersedes", id="as a whole"),
        pytest.param("Superseded in part by", "Supersedes in part", id="in part"),
    ],
)
def test_what_supersedes_says_so_and_what_is_superseded_too(number: int, by: str, over: str) -> None:
    assert {other for other in DECISIONS if number in others(other, over)} == others(number, by)
    assert all(number in others(other, by) for other in others(number, over))


@pytest.mark.parametrize("number", DECISIONS)
def test_index_has_every_decision_with_its_title_date_and_status(number: int) -> None:
    path, fields = DECISIONS[number], head(number)
    title = path.read_text().splitlines()[0].partition(". ")[2]
    start = f"| {number} | [{title}](decisions/{path.name}) | {fields['Date']} | "
    row = next(line for line in INDEX.splitlines() if line.startswith(start))

    assert row.split(" | ")[3].startswith(fields["Status"].replace("](", "](decisions/"))
    assert {int(other) for other in re.findall(r"\[(\d+)\]", row.split(" | ")[3])} == (
        others(number, "Status") | others(number, "Superseded in part by")
    )


# ── The changelog ────────────────────────────────────────────────────────────────────────────────────


def test_renamed_options_are_options_under_the_new_name_alone() -> None:
    renamed = re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", RENAMED, re.MULTILINE)

    assert len(renamed) == 13
    assert {new for _, new in renamed} <= OPTIONS
    assert {old for old, _ in renamed} & OPTIONS == set()


@pytest.mark.parametrize("old", re.findall(r"^\| `(\w+)` \| `\w+` \|$", RENAMED, re.MULTILINE))
def test_old_name_of_an_option_is_written_nowhere_else(old: str) -> None:
    texts = {path: path.read_text().replace(RENAMED, "") for path in [*LIVING, ROOT / "template.yaml"]}

    assert {name(path) for path, text in texts.items() if re.search(rf"[\"`]{old}[\"`]", text)} == set()


def test_parameters_that_are_gone_lead_to_options_that_there_are() -> None:
    rows = re.findall(r"^\| `([A-Z]\w+)` \| (.*) \|$", GONE, re.MULTILINE)
    known = OPTIONS.union(*(preset.option_names for preset in PRESETS.values()))

    assert {parameter for parameter, _ in rows} & set(source()["Parameters"]) == {"SharedSecretArn"}
    assert {re.findall("`([a-z_]+)`", option)[0] for _, option in rows} <= known


@pytest.mark.parametrize("old", re.findall(r"^\| `([A-Z]\w+)` ", GONE, re.MULTILINE)[:-1])
def test_parameter_that_is_gone_is_named_by_no_page(old: str) -> None:
    assert {name(path) for path in LIVING if re.search(f"`{old}[`=]", path.read_text())} <= {"CHANGELOG.md"}


def test_local_stack_has_every_behaviour_of_meetings_with_its_default_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", (DOCS / "local-stack.md").read_text(), re.MULTILINE)
    assert {name: json.loads(default) for name, default in rows} == asdict(Behaviours())


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────

GLOSSARY = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
WORDS = [row for row in GLOSSARY if row[0] not in {"word", "---"}]


@cache
def everything_but_the_glossary() -> str:
    code = [path for folder in FOLDERS.split("|") for path in (ROOT / folder).rglob("*.py")]
    living = [path for path in LIVING if path.name != "glossary.md"]
    text = " ".join(path.read_text() for path in [*code, *living, ROOT / "template.yaml"] if path != Path(__file__))
    return " ".join(text.lower().replace("_", " ").split())


@pytest.mark.parametrize("row", WORDS, ids=lambda row: row[0])
def test_word_of_the_glossary_has_a_meaning_and_a_source_and_is_used(row: tuple[str, str, str]) -> None:
    words, meaning, source = row

    assert meaning.endswith((".", ")"))
    assert source.strip()
    for word in words.replace("`", "").split(", "):
        assert re.search(rf"\b{re.escape(word.lower())}", everything_but_the_glossary())


def test_words_of_the_glossary_are_in_order_and_exist_once() -> None:
    sections = (DOCS / "glossary.md").read_text().split("\n## ")[1:]
    found = [re.findall(r"^\| (?!word|---)(.+?) \|", section, re.MULTILINE) for section in sections]
    words = [[word.replace("`", "").lower() for word in section] for section in found]

    assert words == [sorted(section) for section in words]
    assert len([word for section in words for word in section]) == len({word for section in words for word in section})
