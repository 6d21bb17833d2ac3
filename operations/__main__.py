"""Cut users off, or take it back: `python -m operations revoke ada`; `make` has the same commands."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import boto3

from operations.aws import IamRole, ParameterList, stack
from operations.errors import OperationError
from operations.revocation import PAUSE_SECONDS, Revocation
from operations.target import target

SAMCONFIG = Path(__file__).resolve().parent.parent / "samconfig.toml"


def main() -> int:
    """Do as the command line says. Return the exit status."""
    arguments = _parser().parse_args()
    ids = [each for words in getattr(arguments, "users", ()) for each in words.split()]
    try:
        revocation = _revocation(switched_on=arguments.command == "revoke")
        if arguments.command == "revoke":
            revocation.revoke(ids, arguments.pause)
        elif arguments.command == "restore":
            revocation.restore(ids)
        else:
            revocation.tell()
    except OperationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's own output
        return 1
    return 0


def _revocation(*, switched_on: bool) -> Revocation:
    name, region = target(os.environ, SAMCONFIG)
    session = boto3.Session(region_name=region)
    found = stack(session, name)
    if switched_on and not found.revokes:
        raise OperationError(f"Deploy {found.name} with Revocation=true first: its function reads no list.")
    _say(f"Stack {found.name} in {found.region}, account {found.account}.")
    roles = [IamRole(session, arn, found.account) for arn in found.role_arns]
    return Revocation(ParameterList(session, found.list_name), roles, time.sleep, _say)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's own output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description="Cut users off, or take it back.")
    commands = parser.add_subparsers(dest="command", required=True)
    revoke = commands.add_parser("revoke", help="refuse users' new sign-ins, then deny the sessions that they have")
    restore = commands.add_parser("restore", help="take that back")
    commands.add_parser("revoked", help="say who is cut off")
    for command in (revoke, restore):
        command.add_argument("users", nargs="+", metavar="USER", help="a ChimeUserId, or several")
    revoke.add_argument(
        "--pause", type=float, default=PAUSE_SECONDS, metavar="SECONDS", help="between the list and the sessions"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
