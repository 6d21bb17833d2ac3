"""The command `python -m local`: run the local stack until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

READ_ANSWER = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""
ADA = '{"sub": "ada", "name": "Ada Lovelace"}'


class PortTakenError(Exception):
    """A requested port is in use; the text says which."""


def main() -> int:
    """Start the stack, print its addresses, wait for SIGINT or SIGTERM, and stop. Return the exit status."""
    arguments = _parser().parse_args()
    stop = _stop_signal()
    forget_account()
    try:
        check_free({"--port": arguments.port, "--issuer-port": arguments.issuer_port, "--aws-port": arguments.aws_port})
    except PortTakenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's own output
        return 1
    return _serve(arguments, stop)


def _serve(arguments: argparse.Namespace, stop: threading.Event) -> int:
    # Imported late, because it takes seconds, and because moto reads AWS's environment variables when it is imported.
    from local.api_gateway.definition import UnsupportedApiError  # noqa: PLC0415
    from local.cloudformation.errors import DeploymentError  # noqa: PLC0415
    from local.stack import LocalStack, Ports, StackOptions  # noqa: PLC0415

    ports = Ports(arguments.port, arguments.issuer_port, arguments.aws_port)
    try:
        stack = LocalStack(
            StackOptions(ports=ports, settings=dict(arguments.set), parameters=dict(arguments.parameter))
        )
    except (DeploymentError, UnsupportedApiError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's own output
        return 1
    with stack:
        for logical_id, failure in stack.functions.failing_starts().items():
            message = f"{logical_id} does not start: {failure} As on AWS, requests that need it are answered with 503."
            print(message, file=sys.stderr)  # noqa: T201 - as above
        print(json.dumps(stack.urls) if arguments.json else welcome(stack.urls), flush=True)  # noqa: T201 - as above
        stop.wait()
    return 0


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
        PortTakenError: One of them is taken, or two are the same.
    """
    with ExitStack() as held:
        for option, port in ports.items():
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError as error:
                raise PortTakenError(f"Port {port} is taken. Choose another with {option}.") from error


def welcome(urls: dict[str, str]) -> str:
    """Return the text to print after the start: the addresses, and two commands to copy."""
    return f"""
The API            {urls["api"]}    POST /signin; in a browser: a page to try it
A token issuer     {urls["issuer"]}    POST /token
AWS                {urls["aws"]}    STS, Chime SDK identity and messaging, Secrets Manager

Sign Ada Lovelace in:

TOKEN=$(curl -s {urls["issuer"]}/token -d '{ADA}' | {READ_ANSWER})
curl -X POST {urls["api"]}/signin -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The service on this machine, without AWS.")
    parser.add_argument("--port", type=_port, default=3000, help="the API's port (3000; 0: any free port)")
    parser.add_argument("--issuer-port", type=_port, default=3001, help="the token issuer's port (3001)")
    parser.add_argument("--aws-port", type=_port, default=3002, help="the AWS endpoint's port (3002)")
    parser.add_argument("--json", action="store_true", help="print the addresses as one line of JSON after the start")
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


def _stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main())
