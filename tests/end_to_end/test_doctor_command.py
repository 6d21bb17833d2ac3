"""`python -m operations doctor` on the local stack: what it prints, its exit status, and that nothing secret shows."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.cloudformation.deployment import STACK_NAME
from local.stack import LocalStack, StackOptions
from operations import local_stack
from operations.doctor.command import Asked, run
from operations.doctor.doctor import all_checks
from tests.end_to_end.conftest import ROOT, Client
from tests.end_to_end.operators import finish, restore, revoke, signed_in, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CHANGES = re.compile("^(Create|Delete|Put|Update|Tag|Assume)")
OUTSIDE = {each.name for each in all_checks() if each.place == "outside"}


@pytest.fixture(scope="module")
def stack(logs: list[bytes]) -> Iterator[LocalStack]:
    options = StackOptions(log=logs.append, parameters={"Revocation": "true"})
    with LocalStack(options) as running:
        yield running


def doctor(
    stack: LocalStack, *arguments: str, typed: str = "", variables: Mapping[str, str | None] | None = None
) -> tuple[int, str]:
    changed = {"PYTHONPATH": "signin_function:.", **(variables or {})}
    return finish(start(stack, "doctor", "--seconds", "60", *arguments, typed=typed, variables=changed))


def said(printed: str) -> dict[str, list[dict[str, str]]]:
    """Return what --json has printed, by check."""
    found: dict[str, list[dict[str, str]]] = {}
    for each in json.loads(printed)["findings"]:
        found.setdefault(each["check"], []).append(each)
    return found


def outside(printed: str) -> dict[str, set[str]]:
    return {name: {each["verdict"] for each in found} for name, found in said(printed).items() if name in OUTSIDE}


def test_healthy_stack_is_ok_from_outside(stack: LocalStack, client: Client) -> None:
    _, printed = doctor(stack, "--json", typed=client.token(sub="ada"))

    assert outside(printed) == {name: {"ok"} for name in OUTSIDE}
    assert said(printed)["stack"][0]["found"].startswith(f"Stack {STACK_NAME} in us-east-1")
    assert said(printed)["user in chime"][0]["found"] == "ada is not in Chime yet; their first sign-in creates them"


def test_env_local_is_all_that_the_local_stack_needs(stack: LocalStack) -> None:
    names = ("AWS_SAM_STACK_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    _, printed = doctor(stack, "--json", variables={"ENV": "local", **dict.fromkeys(names)})

    assert {name for name, verdicts in outside(printed).items() if verdicts != {"ok"}} == set()
    assert said(printed)["stack"][0]["verdict"] == "ok"


def test_nothing_is_changed(stack: LocalStack, client: Client) -> None:
    doctor(stack, typed=client.token(sub="ada"))

    assert [call["operation"] for call in client.calls() if CHANGES.match(call["operation"] or "")] == []


def test_what_is_wrong_is_one_line_with_its_mend_and_status_1(stack: LocalStack, client: Client) -> None:
    status, printed = doctor(stack, typed=client.token(sub="ada", aud="other"))

    assert status == 1
    [line] = [line for line in printed.splitlines() if line.startswith("WRONG")]
    assert re.match(r"WRONG +token: wrong_audience: aud: .*other.* Wanted: chime-signin\. Mend: Ask", line)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param({"AWS_SAM_STACK_NAME": "nobody"}, "There is no stack nobody", id="no such stack"),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "Unable to locate credentials", id="no keys"
        ),
        pytest.param({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Check this machine's network", id="no network"),
    ],
)
def test_without_aws_it_looks_from_outside_and_says_what_is_missing(
    stack: LocalStack, variables: dict[str, str | None], words: str
) -> None:
    url = f"{stack.urls['api']}/signin"
    status, printed = doctor(stack, "--json", "--url", url, variables=variables)

    assert status == 2
    [about] = said(printed)["stack"]
    assert (about["verdict"], words in about["found"]) == ("unknown", True)
    assert outside(printed)["address"] == outside(printed)["refusal"] == {"ok"}


def test_local_stack_that_is_not_running_could_not_be_looked_at(stack: LocalStack) -> None:
    status, printed = doctor(stack, variables={"ENV": "local", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})

    assert status == 2
    assert printed.startswith("No local stack answers at http://127.0.0.1:9. Start it with make run")


def test_token_comes_from_a_file_too(stack: LocalStack, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(client.token(sub="bob") + "\n")

    _, printed = doctor(stack, "--json", "--token-file", str(file))
    assert said(printed)["user"][0]["found"].startswith("ChimeUserId bob")

    status, printed = doctor(stack, "--token-file", str(tmp_path / "none"))
    assert (status, printed.startswith("TOKEN_FILE ")) == (2, True)


def test_pipe_that_stays_open_and_silent_holds_nobody_up(stack: LocalStack) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "operations", "doctor", "--url", f"{stack.urls['api']}/signin"]
    silent = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": "signin_function:."}, stdin=reading,
                            capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    os.close(reading)
    os.close(writing)

    assert "Not for this stack: " in silent.stdout
    assert "token" in silent.stdout.rpartition("Not for this stack: ")[2]


def test_what_never_answers_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("a.b.c")
    printed: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
        variables = {**os.environ, **keys, "AWS_ENDPOINT_URL": url, "AWS_SAM_STACK_NAME": STACK_NAME}
        monkeypatch.setattr(os, "environ", variables)
        asked = Asked(f"{url}/signin", token_file=str(tmp_path / "token"), is_json=True)

        status = run(asked, variables, printed.append, seconds=0.5)

    found = said(printed[0])
    assert status == 2
    assert "has not answered within" in found["stack"][0]["found"]
    for check in ("address", "refusal"):
        assert "not answered within" in found[check][0]["found"]


def parts(token: str) -> list[str]:
    """Return what must not be printed of a token: its parts."""
    return [part for part in token.split(".") if part]


def test_nothing_that_is_secret_is_printed(
    stack: LocalStack, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = stack.endpoint.admin_credentials()
    monkeypatch.setattr(os, "environ", {**os.environ, "ENV": "local", "AWS_ENDPOINT_URL": stack.urls["aws"]})
    local_stack.use(os.environ)
    good = client.token(sub="ada", name="Ada")
    odd = [
        good,
        client.token(sub="ada", aud=good),
        client.token(sub="ada", iss=f"https://x/{good}"),
        client.token(sub="ada", aud=[keys["SecretAccessKey"]]),
        base64.b64encode(good.encode()).decode(),
        f"{good}.{good}",
        f'{{"access_token": "{good}"}}',
        f"Bearer {good}",
    ]
    for number, token in enumerate(odd):
        (tmp_path / "token").write_text(token)
        asked = Asked("", "", str(tmp_path / "token"), is_json=number % 2 == 0)
        printed: list[str] = []
        run(asked, os.environ, printed.append)
        assert f"Stack {STACK_NAME} in us-east-1" in printed[0]
        for secret in (*parts(good), *parts(token), keys["SecretAccessKey"], keys["AccessKeyId"]):
            assert secret not in printed[0], number


def test_revoked_person_is_told_with_the_command_that_restores(stack: LocalStack, client: Client) -> None:
    signed_in(client, "cleo", name="Cleo")
    revoke(stack, "cleo")
    status, printed = doctor(stack, "--json", typed=client.token(sub="cleo"))

    found = {each["verdict"]: each for each in said(printed)["user in chime"]}
    assert status == 1
    assert found["ok"]["found"] == "cleo is in Chime, as Cleo"
    assert "cleo is revoked" in found["wrong"]["found"]
    assert "make restore USER=cleo" in found["wrong"]["mend"]

    restore(stack, "cleo")
    _, printed = doctor(stack, "--json", typed=client.token(sub="cleo"))
    assert {each["verdict"] for each in said(printed)["user in chime"]} == {"ok"}
