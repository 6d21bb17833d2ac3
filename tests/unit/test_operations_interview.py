"""The questions of `make deploy` for every provider, with whoever answers as an argument."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from authorizer.presets import PRESETS
from authorizer.tenants import CLOUDS
from operations.draft import Draft
from operations.errors import OperationError
from operations.functions import OF_AUTHORIZER, OF_HANDLER, OF_ROOMS, authorizer_variables, problems, provider_problem
from operations.interview import PROVIDERS, Interview
from operations.template import Template
from operations.tokens import read
from tests.shape import APP, TID, decide
from tests.shapes import SHAPES
from tests.translated import source

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = Template()
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
KNOWN = {
    "oidc": {"issuer": "https://id.example.com/", "audience": "my-app"},
    "cognito": {"user_pool_id": "eu-west-1_AbCdEfGhI", "client_id": "1example23456789", "token_use": "access"},
    "auth0": {"domain": "tenant.eu.auth0.com", "audience": "https://api.example.com"},
    "okta": {"domain": "example.okta.com", "client_id": "nmdP1fcyvdVO11AL7ECm", "token_use": "access"},
    "entra": {"tenant": TID, "client_id": APP, "cloud": next(iter(CLOUDS))},
    "firebase": {"project_id": "my-project"},
    "google": {"client_id": "1234987819200.apps.googleusercontent.com"},
    "clerk": {"domain": "happy-hippo-1.clerk.accounts.dev", "authorized_parties": "https://app.example.com"},
    "supabase": {"project_ref": "abcdefghijklmnopqrst"},
    "keycloak": {"issuer": "https://id.example.com/realms/main", "client_id": "chat"},
    "shared-secret": {"secret_arn": SECRET, "audience": "chat"},
}  # fmt: skip
"""What people know of their provider, and no more."""


class Answering:
    """Answers what a question begins with, from *known*; Enter to all else. `asked` has the questions."""

    def __init__(self, known: dict[str, str], token: str = "") -> None:
        self.known = known
        self.token = token
        self.asked: list[str] = []
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, prompt: str) -> str:
        assert len(self.asked) < 40, self.asked[-5:]
        self.asked.append(prompt)
        return next((value for name, value in self.known.items() if prompt.startswith(name)), "")

    def ask_hidden(self, prompt: str) -> str:
        return self.token


def ask(terminal: Answering, path: Path) -> dict[str, str]:
    return Interview(terminal, TEMPLATE, Draft(path / "dev.draft.json"), lambda: None).answers({})


def test_every_preset_is_offered() -> None:
    assert set(PROVIDERS) == set(PRESETS) == set(KNOWN)


@pytest.mark.parametrize("preset", KNOWN)
def test_provider_needs_two_or_three_values_that_its_users_know(tmp_path: Path, preset: str) -> None:
    terminal = Answering({"Whose tokens": preset, **KNOWN[preset]})

    values = ask(terminal, tmp_path)

    [entry] = json.loads(values["Providers"])
    assert entry == {"name": "main", "preset": preset, **KNOWN[preset]}
    assert provider_problem([entry]) is None
    assert len([question for question in terminal.asked if re.split("[ :]", question)[0] in KNOWN[preset]]) <= 3
    assert len(terminal.asked) <= 3 + 6
    assert values.get("SharedSecretArn", "") == KNOWN[preset].get("secret_arn", "")


def test_secret_that_cannot_be_made_now_ends_the_questions_and_what_was_typed_stays(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="What you have typed is kept"):
        ask(Answering({"Whose tokens": "shared-secret"}), tmp_path)

    assert Draft(tmp_path / "dev.draft.json").get("provider 1", "") == "shared-secret"


def test_draft_that_is_no_draft_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "dev.draft.json").write_text("{")

    assert Draft(tmp_path / "dev.draft.json").is_empty


# ── Meetings ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("chosen", "hosts", "entries_have"),
    [
        pytest.param("", "", {}, id="none"),
        pytest.param("open", "", {}, id="open"),
        pytest.param("hosted", "teacher, staff", {"host_roles": ["teacher", "staff"]}, id="hosted"),
    ],
)
def test_hosted_meetings_ask_who_hosts_are(
    tmp_path: Path, chosen: str, hosts: str, entries_have: dict[str, list[str]]
) -> None:
    known = {"Whose tokens": "auth0", **KNOWN["auth0"], "none, open or hosted": chosen, "Roles of hosts": hosts}
    terminal = Answering(known)

    values = ask(terminal, tmp_path)

    [entry] = json.loads(values["Providers"])
    assert entry == {"name": "main", "preset": "auth0", **KNOWN["auth0"], **entries_have}
    assert values["Meetings"] == (chosen or "none")
    assert any("Roles of hosts" in question for question in terminal.asked) == (chosen == "hosted")
    assert problems(values, TEMPLATE) == []


def test_hosted_meetings_without_hosts_are_asked_again(tmp_path: Path) -> None:
    class Undecided(Answering):
        def ask(self, prompt: str) -> str:
            before = [asked for asked in self.asked if asked.startswith("none, open or hosted")]
            typed = super().ask(prompt)
            return ("open" if before else "hosted") if prompt.startswith("none, open or hosted") else typed

    terminal = Undecided({"Whose tokens": "auth0", **KNOWN["auth0"]})

    assert ask(terminal, tmp_path)["Meetings"] == "open"
    assert [said for said in terminal.said if "no provider has host_roles" in said]


def judged(meetings: str, options: str = "") -> list[str]:
    entry = {"name": "main", **KNOWN["oidc"]}
    return problems({"Providers": json.dumps([entry]), "Meetings": meetings, "MeetingOptions": options}, TEMPLATE)


@pytest.mark.parametrize(
    ("meetings", "options"),
    [
        pytest.param("none", "", id="no meetings"),
        pytest.param("none", "{", id="options that nobody reads"),
        pytest.param("open", "", id="open"),
        pytest.param("open", '{"video": "fhd"}', id="with an option"),
    ],
)
def test_rooms_that_would_start_are_right(meetings: str, options: str) -> None:
    assert judged(meetings, options) == []


@pytest.mark.parametrize(
    ("meetings", "options", "words"),
    [
        pytest.param("hosted", "", "Meetings is hosted, and no provider has host_roles", id="without hosts"),
        pytest.param("open", "{", "MeetingOptions is no JSON", id="no JSON"),
        pytest.param("open", '{"vidio": "hd"}', "MeetingOptions has 'vidio'", id="mistyped"),
        pytest.param("open", '{"video": "4k"}', "MeetingOptions has a wrong video", id="no such video"),
        pytest.param("open", '{"video": "fhd", "max_attendees": 26}', "a wrong max_attendees", id="too many attendees"),
    ],
)
def test_rooms_say_what_is_wrong_before_anything_is_deployed(meetings: str, options: str, words: str) -> None:
    [said] = judged(meetings, options)

    assert words in said
    assert "Write" in said


def test_one_provider_with_hosts_is_enough_for_hosted_meetings() -> None:
    entries = [
        {"name": "main", "keep_subject": False, **KNOWN["oidc"]},
        {"name": "other", "issuer": "https://b.example.com/", "audience": "b", "host_roles": "teacher"},
    ]

    assert problems({"Providers": json.dumps(entries), "Meetings": "hosted"}, TEMPLATE) == []


GUESTS = {
    "name": "guests", "guests": True, "issuer": "https://app.example.com/guests", "audience": "b",
    "max_lifetime_seconds": 86400,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "meetings", "words"),
    [
        pytest.param({}, "none", "", id="without meetings"),
        pytest.param({}, "open", "guests of the provider guests could enter no room", id="no rooms_claim"),
        pytest.param({"rooms_claim": "rooms"}, "open", "", id="with rooms_claim"),
        pytest.param(
            {"max_lifetime_seconds": None}, "none", r"Providers\[1\].max_lifetime_seconds is missing", id="wrong"
        ),
        pytest.param(
            {"issuer": KNOWN["oidc"]["issuer"]}, "none", r"Providers\[1\].issuer is an issuer of main", id="same"
        ),
    ],
)
def test_guests_are_checked_before_anything_is_deployed(change: dict[str, Any], meetings: str, words: str) -> None:
    guests = {name: value for name, value in {**GUESTS, **change}.items() if value is not None}
    entries = [{"name": "main", **KNOWN["oidc"]}, guests]

    said = problems({"Providers": json.dumps(entries), "Meetings": meetings, "Guests": "true"}, TEMPLATE)

    assert len(said) == bool(words)
    assert all(re.search(f"{words}.*Write", each) for each in said)


@pytest.mark.parametrize(
    ("guests", "invites", "words"),
    [
        pytest.param("true", True, "", id="both"),
        pytest.param("false", False, "", id="neither"),
        pytest.param("false", True, 'no role for them. Write Guests: "true"', id="no role"),
        pytest.param("true", False, "Guests is true, and no entry", id="no invitations"),
    ],
)
def test_guests_need_invitations_and_a_role(guests: str, invites: bool, words: str) -> None:  # noqa: FBT001 - a table's column
    entries = [{"name": "main", **KNOWN["oidc"]}, *([GUESTS] if invites else [])]

    said = problems({"Providers": json.dumps(entries), "Guests": guests}, TEMPLATE)

    assert len(said) == bool(words)
    assert all(words in each for each in said)


# ── A pasted token ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_read_from_a_token_makes_a_provider_that_takes_it(name: str) -> None:
    shape = SHAPES[name]
    token = shape.signer.token({key: value for key, value in shape.claims.items() if value is not None}, **shape.header)

    said = read(token)

    assert said.preset == shape.options.get("preset", "oidc")
    assert decide(replace(shape, options={"preset": said.preset, **said.options})).subject
    known = {option.name for option in PRESETS[said.preset].options} | {"audience"}
    assert set(said.options) <= known


@pytest.mark.parametrize(
    ("token", "words"),
    [
        pytest.param("", "That is no JWT", id="nothing"),
        pytest.param("a.b", "That is no JWT", id="two parts"),
        pytest.param("secret-part.x.y", "That is no JWT", id="no JSON"),
    ],
)
def test_what_is_no_token_is_told_without_it(token: str, words: str) -> None:
    with pytest.raises(OperationError, match=words) as raised:
        read(token)
    assert "secret-part" not in str(raised.value)


# ── The functions' variables ─────────────────────────────────────────────────────────────────────────


def variables(function: str) -> dict[str, Any]:
    """Return what the template says of a function's variables, those of both functions included."""
    of_both = source()["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    return {**of_both, **source()["Resources"][function]["Properties"]["Environment"]["Variables"]}


@pytest.mark.parametrize(
    ("function", "mapped"),
    [
        pytest.param("AuthorizerFunction", OF_AUTHORIZER, id="authorizer"),
        pytest.param("SigninFunction", OF_HANDLER, id="handler"),
        pytest.param("RoomsFunction", OF_ROOMS, id="rooms"),
    ],
)
def test_variables_are_those_that_the_template_fills_with_parameters(function: str, mapped: dict[str, str]) -> None:
    given = variables(function)

    for variable, parameter in mapped.items():
        assert json.dumps(parameter) in json.dumps(given[variable]), variable


def test_all_variables_of_the_authorizer_are_counted() -> None:
    assert authorizer_variables({"Providers": "[]"}, TEMPLATE).keys() == variables("AuthorizerFunction").keys()
    assert authorizer_variables({"SessionEndsWithToken": "true"}, TEMPLATE)["LEAST_TOKEN_SECONDS"] == "900"
