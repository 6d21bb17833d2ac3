"""The commands and the client of docs/local-stack.md, executed as they stand there; only the ports are others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import ROOT, command_line_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Client

PAGE = (ROOT / "docs" / "local-stack.md").read_text()
PARAMETERS = re.findall(r"make run ARGS='(--parameter [^']+)'", PAGE)
SERVERS = {"api": 3000, "issuer": 3001, "aws": 3002}


def blocks(language: str, heading: str) -> list[str]:
    """Return the blocks of code in *language* of the section with that *heading*."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def client() -> Iterator[Client]:
    """The command with the parameters that the page names."""
    with command_line_stack(*(word for said in PARAMETERS for word in said.split())) as running:
        yield running


def run(client: Client, command: list[str], text: str, **variables: str) -> str:
    """Run *command* with *text*, in which the page's addresses are the client's, and return what it prints."""
    for name, port in SERVERS.items():
        text = text.replace(f"http://127.0.0.1:{port}", client.urls[name])
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "ENV"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [*command, text],
        cwd=ROOT,
        env={**usual, "AWS_CONFIG_FILE": os.devnull, "AWS_PAGER": "", "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_page_names_the_parameters_that_its_commands_need() -> None:
    assert PARAMETERS == [
        "--parameter Messaging=member",
        "--parameter Messaging=member --parameter ContactList=true --parameter AcceptBase64Tokens=true",
        "--parameter Revocation=true --parameter AccessLog=on",
    ]


def test_client_in_python_chats_in_twenty_lines(client: Client) -> None:
    [program] = blocks("python", "A chat without a browser")
    assert len(program.splitlines()) <= 20
    token = client.token(sub="ada", name="Ada Lovelace")
    assert run(client, [sys.executable, "-c"], program, TOKEN=token) == "['Hello']\n"


def test_command_line_chats_in_three_lines(client: Client) -> None:
    sign_in, chat = blocks("sh", "A chat without a browser")
    assert len(chat.splitlines()) == 3
    assert run(client, ["bash", "-euo", "pipefail", "-c"], sign_in + chat).splitlines()[-1] == "Hello"


@pytest.mark.timeout(300)  # make revoke waits for 45 seconds
def test_operators_commands_are_rehearsed(client: Client) -> None:
    [rehearsal] = blocks("sh", "Rehearse what operators do")
    token = client.token(sub="ada")
    assert client.sign_in(token).status == 200
    before, line, after = rehearsal.partition("make revoked ENV=local\n")
    look = f"curl -s -X POST {client.urls['api']}/signin -H 'Authorization: Bearer {token}'\n"
    commands = before + line + look + after
    printed = run(client, ["bash", "-euo", "pipefail", "-c"], commands, AWS_ENDPOINT_URL=client.urls["aws"])
    assert '"reason": "revoked"' in printed
    assert "ada" in printed
    assert "Done. Nothing that can be deleted here names ada." in printed
    assert printed.count("Stack local in us-east-1, account 123456789012.") == len(rehearsal.splitlines())
