"""The command `python -m local`: run the local stack until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from local.stack import LocalStack

READ_ANSWER = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""
ADA = '{"sub": "ada", "name": "Ada Lovelace"}'
CERTIFICATE = Path(__file__).resolve().parent.parent / ".build" / "local" / "certificate.pem"
PORT_OPTIONS = ("--port", "--issuer-port", "--aws-port")


class PortTakenError(Exception):
    """Requested ports are in use; the text says which, and the whole command to type instead."""


def main() -> int:
    """Start the stack, print its addresses, wait for SIGINT or SIGTERM, and stop. Return the exit status."""
    arguments = _parser().parse_args()
    stop = stop_on_signals()
    forget_account()
    try:
        check_free(dict(zip(PORT_OPTIONS, (arguments.port, arguments.issuer_port, arguments.aws_port), strict=True)))
    except PortTakenError as error:
        _complain(str(error))
        return 1
    return _serve(arguments, stop)


def _serve(arguments: argparse.Namespace, stop: threading.Event) -> int:
    # Imported late, because it takes seconds, and because moto reads AWS's environment variables when it is imported.
    from local.api_gateway.definition import UnsupportedApiError  # noqa: PLC0415
    from local.cloudformation.errors import DeploymentError  # noqa: PLC0415
    from local.playing import AnswersError, read_answers  # noqa: PLC0415
    from local.stack import LocalStack, Ports, StackOptions  # noqa: PLC0415

    try:
        stack = LocalStack(
            StackOptions(
                ports=Ports(arguments.port, arguments.issuer_port, arguments.aws_port),
                settings=dict(arguments.set),
                parameters=dict(arguments.parameter),
                answers=read_answers(Path(arguments.answers)) if arguments.answers else None,
                certificate=CERTIFICATE,
                tell=lambda origin, may_read: _complain(of_origin(origin, arguments, may_read=may_read)),
            )
        )
    except (AnswersError, DeploymentError, UnsupportedApiError) as error:
        _complain(str(error))
        return 1
    with stack:
        stack.endpoint.load()
        for logical_id, failure in stack.functions.failing_starts().items():
            _complain(f"{logical_id} does not start: {failure} As on AWS, requests that need it are answered with 503.")
        said = json.dumps(stack.urls) if arguments.json else welcome(stack, arguments.answers)
        print(said, flush=True)  # noqa: T201 - the command's own output
        wait_for(stop)
    return 0


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's own output


def forget_account() -> None:
    """Remove settings of AWS and moto from the environment and turn ~/.aws off: neither is meant for this stack."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def check_free(ports: Mapping[str, int]) -> None:
    """
    Check that all *ports*, by the names of their options, are free: the server's own message names no option.

    Raises:
        PortTakenError: Some of them are taken, or two are the same.
    """
    with ExitStack() as held:
        taken = {option: port for option, port in ports.items() if not _hold(held, port)}
        others = {option: _free_port(held, port) for option, port in taken.items()}
    if taken:
        numbers = [str(port) for port in taken.values()]
        said = (
            f"Port {numbers[0]} is" if len(numbers) == 1 else f"Ports {', '.join(numbers[:-1])} and {numbers[-1]} are"
        )
        words = [word for option, port in others.items() for word in (option, str(port))]
        raise PortTakenError(f"{said} taken. Type: {command([*_without(sys.argv[1:], taken), *words])}")


def _hold(held: ExitStack, port: int) -> bool:
    try:
        held.enter_context(socket.create_server(("127.0.0.1", port)))
    except OSError:
        return False
    return True


def _free_port(held: ExitStack, port: int) -> int:
    """Return a port near *port* that is free, and held until all are found; 0, any free one, where there is none."""
    return next((near for near in range(port + 100, min(port + 200, 65536)) if _hold(held, near)), 0)


def _without(words: list[str], options: Collection[str]) -> list[str]:
    """Return the command line's *words* without *options* and their values."""
    kept: list[str] = []
    for word in words:
        is_value = bool(kept) and kept[-1] in options
        if is_value:
            kept.pop()
        elif word.partition("=")[0] not in options or "=" not in word:
            kept.append(word)
    return kept


def command(words: list[str]) -> str:
    """Return the command that starts the stack with *words*, as whoever started it types it: by make, or by Python."""
    if "MAKELEVEL" in os.environ:
        return f"make run ARGS={shlex.quote(shlex.join(words))}"
    return f"python -m local {shlex.join(words)}"


def of_origin(origin: str, arguments: argparse.Namespace, *, may_read: bool) -> str:
    """Return what to say of a web page's *origin* that is not in AllowedOrigins, which may read the answers or not."""
    if may_read:
        return f"A page of {origin} calls: it may here, being on this machine. AWS needs AllowedOrigins={origin}."
    if arguments.answers:
        return (
            f"A page of {origin} was refused. Add {origin} to AllowedOrigins in {arguments.answers}, and start again."
        )
    listed = dict(arguments.parameter).get("AllowedOrigins")
    value = ",".join(filter(None, [listed, origin]))
    return f"A page of {origin} was refused. Type: {command([*sys.argv[1:], '--parameter', f'AllowedOrigins={value}'])}"


def welcome(stack: LocalStack, answers: str | None) -> str:
    """Return the text to print after the start: the addresses, and two commands to copy."""
    urls = stack.urls
    return f"""
The API            {urls["api"]}    POST /signin; in a browser: a page to try it
A token issuer     {urls["issuer"]}    POST /token
AWS                {urls["aws"]}    STS, Chime SDK, Secrets Manager and others: docs/local-aws.md

{_who_signs_in(stack, answers)}

TOKEN=$(curl -s {urls["issuer"]}/token -d '{"{}" if stack.issuer.providers else ADA}' | {READ_ANSWER})
curl -X POST {urls["api"]}/signin -H "Authorization: Bearer $TOKEN"

Pages of http://localhost, on any port, may call the API here. On AWS list each: AllowedOrigins=http://localhost:5173.
Ctrl-C stops it.
"""


def _who_signs_in(stack: LocalStack, answers: str | None) -> str:
    providers = stack.issuer.providers
    if not providers:
        return "Sign Ada Lovelace in:"
    first = providers[0]
    lines = [f"{answers} is played here. {note}" for note in stack.notes]
    lines += [f"Tokens are made as {one.name} makes them ({one.preset}, {one.algorithm})." for one in providers]
    if len(providers) > 1:
        lines.append(
            f"""{first.name} makes them unless you name another: -d '{{"provider": "{providers[1].name}"}}'."""
        )
    lines.append(
        f"""Another user has another {first.subject_claim}: -d '{{"{first.subject_claim}": "bob"}}'. Sign in:"""
    )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The service on this machine, without AWS.", allow_abbrev=False
    )
    parser.add_argument("--port", type=_port, default=3000, help="the API's port (3000; 0: any free port)")
    parser.add_argument("--issuer-port", type=_port, default=3001, help="the token issuer's port (3001)")
    parser.add_argument("--aws-port", type=_port, default=3002, help="the AWS endpoint's port (3002)")
    parser.add_argument("--json", action="store_true", help="print the addresses as one line of JSON after the start")
    parser.add_argument(
        "--answers",
        metavar="FILE",
        help="run what this file deploys, environments/dev.yaml say, and play its providers",
    )
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="replace a function's setting"
    )
    parser.add_argument(
        "--parameter",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="deploy with another value of a parameter of template.yaml, such as Messaging=member",
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004 - the largest port number
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return port


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return name, value


def stop_on_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def wait_for(stop: threading.Event) -> None:
    """Wait until a signal has set *stop*, whichever thread the system has given the signal to."""
    # Python calls the handler in this thread, and a signal that another thread gets does not wake this one.
    while not stop.wait(timeout=1):
        pass


if __name__ == "__main__":
    sys.exit(main())
