"""The local stack as a command, and with options."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from local.cloudformation.errors import DeploymentError
from local.stack import LocalStack, StackOptions
from tests.integration.clients import HTTP, sign_in, token
from tests.ports import lasting_free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PORTS = ["--port", "--issuer-port", "--aws-port"]
COMMAND = [sys.executable, "-m", "local", *(word for option in PORTS for word in (option, "0"))]


def test_stacks_one_after_the_other_have_their_own_settings_and_parameters() -> None:
    options = StackOptions(settings={"SESSION_SECONDS": "900"}, parameters={"AllowedOrigins": "https://other.example"})
    with LocalStack(options) as stack:
        answer = sign_in(stack.urls, token(stack.urls), Origin="https://other.example")
        assert answer.json()["ExpiresIn"] <= 900
        assert answer.headers["Access-Control-Allow-Origin"] == "https://other.example"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(StackOptions(parameters={"SessionSeconds": "899"}), "MinValue 900", id="too small a number"),
        pytest.param(
            StackOptions(parameters={"Messaging": "all"}), "'minimal', 'member'", id="none of the allowed values"
        ),
        pytest.param(
            StackOptions(parameters={"DomainName": "A.example"}),
            "DomainName, which is 'A.example', must be",
            id="a value that does not match the pattern",
        ),
        pytest.param(
            StackOptions(parameters={"LogLevel": "DEBUG"}), "LogLevel", id="a level that is not allowed any more"
        ),
        pytest.param(
            StackOptions(parameters={"Providers": f"[{{{' ' * 4096}}}]"}),
            "AuthorizerFunction.*4096",
            id="a parameter that makes too large a variable",
        ),
        pytest.param(
            StackOptions(settings={"PROVIDERS": " " * 4096}), "AuthorizerFunction.*4096", id="too large a setting"
        ),
        pytest.param(StackOptions(settings={"NOPE": "1"}), "SESSION_SECONDS", id="an unknown setting"),
        pytest.param(StackOptions(parameters={"Nope": "1"}), "ChimeAppInstanceArn", id="an unknown parameter"),
    ],
)
def test_wrong_option_is_refused_with_a_hint_and_leaves_nothing_behind(options: StackOptions, message: str) -> None:
    for _ in range(2):
        with pytest.raises(DeploymentError, match=message):
            LocalStack(options)


@contextmanager
def command(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m local` from another folder than the repository's."""
    usual = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"}
    environment = {**usual, "PYTHONPATH": str(ROOT), **variables}
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd="/", env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_its_addresses_serves_and_stops_on_a_signal(number: signal.Signals) -> None:
    with command("--json", "--set", "SESSION_SECONDS=901") as process:
        urls = json.loads(read_line(process))
        assert list(urls) == ["api", "issuer", "aws"]
        assert sign_in(urls, token(urls)).json()["ExpiresIn"] <= 901
        process.send_signal(number)
        assert process.wait() == 0


def test_signal_stops_the_command_even_if_another_thread_gets_it() -> None:
    code = """\
import signal, threading
from local.__main__ import stop_on_signals, wait_for
stop = stop_on_signals()
threading.Timer(0.5, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)).start()
wait_for(stop)"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_command_does_not_wait_for_a_call_that_waits() -> None:
    # A test that hangs is ended by its timeout, long before the ten minutes that the call waits.
    fault = {"operation": "GetCallerIdentity", "delay_ms": 600_000}
    with command("--json") as process:
        urls = json.loads(read_line(process))
        assert HTTP.request("POST", f"{urls['aws']}/local/faults", json=fault).status == 200
        owner = HTTP.request("POST", f"{urls['aws']}/local/credentials", json={"owner": True}).json()
        sts = boto3.client(
            "sts",
            "us-east-1",
            endpoint_url=urls["aws"],
            aws_access_key_id=owner["AccessKeyId"],
            aws_secret_access_key=owner["SecretAccessKey"],
            config=Config(retries={"total_max_attempts": 1}, read_timeout=1),
        )
        with pytest.raises(ReadTimeoutError):
            sts.get_caller_identity()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0


def test_command_needs_no_aws_account_and_does_not_use_one(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nretry_mode = none that there is\n")
    account = {"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": str(config), "AWS_DEFAULT_REGION": "eu-west-1"}
    with command("--json", **account, MOTO_ACCOUNT_ID="210987654321", POWERTOOLS_LOG_LEVEL="ERROR") as process:
        urls = json.loads(read_line(process))
        arn = sign_in(urls, token(urls)).json()["ChimeAppInstanceArn"]
        assert arn.startswith("arn:aws:chime:us-east-1:123456789012:")


def test_command_prints_a_curl_that_works() -> None:
    with command() as process:
        lines = iter(lambda: read_line(process), "")
        script = next(line for line in lines if line.startswith("TOKEN=")) + next(lines)
        answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert json.loads(answer.stdout)["ChimeDisplayName"] == "Ada Lovelace"


def suggested(said: str, prefix: str) -> list[str]:
    """Return the words of the command that is suggested behind *prefix*, and see that it is all that is said."""
    assert said.count("\n") == 1
    assert said.startswith(prefix)
    return shlex.split(said.removeprefix(prefix))


@pytest.mark.parametrize("option", PORTS)
def test_command_says_in_one_line_that_a_port_is_taken_and_what_to_type(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with command(option, str(port)) as process:
            _, said = process.communicate()
    assert process.returncode == 1
    words = suggested(said, f"Port {port} is taken. Type: python -m local ")
    # What was typed stays, but for the port that is taken.
    assert words[:-1] == [*(word for other in PORTS if other != option for word in (other, "0")), option]
    assert int(words[-1]) != port


def test_command_names_all_ports_that_are_taken_at_once() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
        command("--port", str(one.getsockname()[1]), f"--aws-port={other.getsockname()[1]}", "--json") as process,
    ):
        _, said = process.communicate()
        assert process.returncode == 1
        both = f"Ports {one.getsockname()[1]} and {other.getsockname()[1]} are taken. Type: python -m local "
    words = suggested(said, both)
    assert [words[-4], words[-2]] == ["--port", "--aws-port"]
    assert words.count("--port") == words.count("--aws-port") == 1
    assert "--json" in words
    assert not any("--aws-port=" in word for word in words)


def test_command_that_make_started_is_said_as_for_make() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        command("--port", str(taken.getsockname()[1]), "--set", "A=b c", MAKELEVEL="0") as process,
    ):
        _, said = process.communicate()
        make, run, arguments = suggested(said, f"Port {taken.getsockname()[1]} is taken. Type: ")
    assert (make, run) == ("make", "run")
    assert arguments.startswith("ARGS=")
    words = shlex.split(arguments.removeprefix("ARGS="))
    assert words[words.index("--set") + 1] == "A=b c"


def test_command_says_in_one_line_that_two_ports_are_the_same() -> None:
    port = str(lasting_free_port())
    with command("--port", port, "--issuer-port", port) as process:
        _, said = process.communicate()
        assert said.startswith(f"Port {port} is taken. Type: ")
        assert "--issuer-port" in said


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param(
            "PROVIDERS=[]",
            "AuthorizerFunction does not start: SettingsError: PROVIDERS is not a list of objects.",
            id="of the authorizer",
        ),
        pytest.param(
            "SESSION_SECONDS=ten",
            "SigninFunction does not start: SettingsError: SESSION_SECONDS is no whole number",
            id="of the handler",
        ),
    ],
)
def test_command_reports_a_function_that_refuses_a_setting_and_serves_503(setting: str, message: str) -> None:
    with command("--json", "--set", setting) as process:
        urls = json.loads(read_line(process))
        assert sign_in(urls, token(urls)).status == 503
        process.terminate()
        _, said = process.communicate()
    [line] = [line for line in said.splitlines() if line.startswith(message)]
    assert line.endswith("As on AWS, requests that need it are answered with 503.")


def test_command_says_in_one_line_which_settings_there_are() -> None:
    with command("--set", "NOPE=1") as process:
        _, said = process.communicate()
        assert said.startswith("No function has a setting NOPE. There are: ")
        assert said.count("\n") == 1
        assert process.returncode == 1


def complained(process: subprocess.Popen[str], origin: str) -> str:
    """Let a page of *origin* ask first, and return what the command says of it."""
    urls = json.loads(read_line(process))
    HTTP.request("OPTIONS", f"{urls['api']}/signin", headers={"Origin": origin})
    process.terminate()
    _, said = process.communicate()
    return next(line for line in said.splitlines() if origin in line)


def test_refused_origin_is_told_with_what_to_type() -> None:
    listed = ["--parameter", "AllowedOrigins=https://app.example.com"]
    with command("--json", *listed) as process:
        said = complained(process, "https://other.example")
    typed = said.removeprefix("A page of https://other.example was refused. Type: python -m local ")
    assert shlex.split(typed) == [
        *[*COMMAND[3:], "--json", *listed],
        *["--parameter", "AllowedOrigins=https://app.example.com,https://other.example"],
    ]


def test_page_on_this_machine_is_told_what_aws_needs() -> None:
    with command("--json") as process:
        said = complained(process, "http://localhost:5173")
    assert said.endswith("AWS needs AllowedOrigins=http://localhost:5173.")


def test_certificate_is_the_same_at_the_next_start() -> None:
    found = []
    for _ in range(2):
        with command("--json") as process:
            port = int(json.loads(read_line(process))["aws"].rpartition(":")[2])
            found.append(ssl.get_server_certificate(("127.0.0.1", port)))
    assert found[0] == found[1]
