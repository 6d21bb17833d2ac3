"""The commands of `python -m operations`: their options, and what each one does."""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from operations import local_stack, push
from operations.app_instance_users import AppInstanceUsers
from operations.aws import aws_errors_as_operation_errors, session
from operations.cloudformation import DeployedStack, StackToDelete, rooms_table, stack
from operations.deletion import Deletion
from operations.deny_policies import MAX_SESSION, IamRole
from operations.erasure import Erasure, Rhythm
from operations.errors import OperationError
from operations.revocation import PAUSE_SECONDS, Revocation
from operations.revoked_users import RevocationListParameter
from operations.rooms import MeetingsOfRooms
from operations.samconfig import DEFAULT, environment
from operations.samconfig import VARIABLE as ENVIRONMENT
from operations.target import target
from operations.template import Template
from operations.terminal import CommandLine, is_at_terminal
from operations.tryout import TryOut
from operations.user_ids import id_marks

if TYPE_CHECKING:
    import boto3

TOKEN = "E2E_TOKEN"  # noqa: S105 - the variable's name, as of make test-deployed
PASTE = "A token of yours, to try a sign-in with (it is not shown, and not kept); Enter for none: "
NEXT = """\
Next:
- Your clients sign in at {url}, with the header Authorization: Bearer <token>. For web apps there is web_client/.
- Another answer is another line in environments/{environment}.yaml; then make deploy ENV={environment} again.
- make test-deployed ENV={environment} tests the whole stack; docs/operating.md says how to watch it."""


def run_command() -> int:
    """Run the command that the command line names. Return the exit status."""
    arguments = command_line().parse_args()
    try:
        if arguments.run is None:
            return int(arguments.run_alone(arguments))
        arguments.is_local = os.environ.get(ENVIRONMENT) == local_stack.NAME
        local_stack.use(os.environ)
        with aws_errors_as_operation_errors():
            chosen = target(os.environ)
            aws_session = session(chosen.region, chosen.profile)
            deployed = stack(aws_session, chosen.stack)
            _print(str(deployed))
            arguments.run(arguments, aws_session, deployed)
    except OperationError as error:
        return _print_error(str(error), 1)
    return 0


def _revoke(arguments: argparse.Namespace, aws_session: boto3.Session, deployed: DeployedStack) -> None:
    if not deployed.revokes:
        raise OperationError(f"Deploy {deployed.name} with Revocation=true first: its function reads no list.")
    _revocation(aws_session, deployed, _rooms(aws_session, deployed)).revoke(_ids(arguments), arguments.pause)


def _restore(arguments: argparse.Namespace, aws_session: boto3.Session, deployed: DeployedStack) -> None:
    _revocation(aws_session, deployed).restore(_ids(arguments))


def _revoked(_: argparse.Namespace, aws_session: boto3.Session, deployed: DeployedStack) -> None:
    _revocation(aws_session, deployed).show()


def _erase(arguments: argparse.Namespace, aws_session: boto3.Session, deployed: DeployedStack) -> None:
    keep_out = _keep_out(os.environ.get("KEEP_OUT", ""))
    if keep_out and not deployed.revokes:
        raise OperationError(
            f"KEEP_OUT=1 needs the list of revoked users: deploy {deployed.name} with Revocation=true first."
        )
    app_instance_arn = _app_instance_arn(deployed)
    if arguments.wait is not None and not arguments.is_local:
        raise OperationError("--wait is for rehearsals on the local stack (ENV=local) alone.")
    longest = MAX_SESSION if arguments.wait is None else timedelta(seconds=arguments.wait)
    users = AppInstanceUsers(aws_session, app_instance_arn)
    revocation = _revocation(aws_session, deployed, _rooms(aws_session, deployed))
    erasure = Erasure(users, revocation, time.sleep, _print)
    question = f"Type the id once more to erase {arguments.user}: "
    confirmed = lambda: arguments.confirm or (_ask(question) if is_at_terminal() else "")  # noqa: E731
    erasure.erase(arguments.user, keep_out=keep_out, confirmed=confirmed, rhythm=Rhythm(arguments.pause, longest))


def _keep_out(text: str) -> bool | None:
    if text not in ("", "0", "1"):
        raise OperationError("KEEP_OUT is 1 (the id stays on the list of revoked users, or is put there) or 0.")
    return None if not text else text == "1"


def _delete(arguments: argparse.Namespace, aws_session: boto3.Session, deployed: DeployedStack) -> None:
    roles = [IamRole(aws_session, arn, deployed.account) for arn in deployed.made_role_arns]
    deletion = Deletion(StackToDelete(aws_session, deployed.id), roles, time.sleep, _print)
    deletion.delete(deployed.name, lambda: arguments.confirm or _ask("Type the stack's name to delete it: "))


def _prepare(arguments: argparse.Namespace) -> int:
    # Not at the top: no other command needs the functions' own code, which is not on everybody's path.
    from operations.preparation import Preparation, Wishes  # noqa: PLC0415

    terminal = CommandLine() if is_at_terminal() else None
    wishes = Wishes(dict(arguments.answer), arguments.region, arguments.accept_unreachable)
    with aws_errors_as_operation_errors():
        Preparation(environment(os.environ), Template(), terminal, _print).run(wishes)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from operations.doctor.command import Asked, run  # noqa: PLC0415 - as for `prepare`
    from operations.doctor.report import COULD_NOT_LOOK  # noqa: PLC0415

    try:
        local_stack.use(os.environ)
        asked = Asked(arguments.url, arguments.origin, arguments.token_file, is_json=arguments.json)
        return run(asked, os.environ, _print, arguments.seconds)
    except OperationError as error:
        return _print_error(str(error), COULD_NOT_LOOK)


def _try_out(_: argparse.Namespace, __: boto3.Session, deployed: DeployedStack) -> None:
    if not deployed.signin_url:
        raise OperationError(
            f"{deployed.name} has no output SigninUrl: its deployment has failed, or is still under way."
        )
    tried = TryOut(deployed.signin_url, _print, time.sleep)
    for origin in deployed.allowed_origins[:1]:
        tried.preflight(origin)
    tried.refusal()
    token = os.environ.get(TOKEN) or (CommandLine().ask_hidden(PASTE) if is_at_terminal() else "")
    if token:
        tried.sign_in(token)
    _print(NEXT.format(url=deployed.signin_url, environment=os.environ.get(ENVIRONMENT) or DEFAULT))


def _push_role(_: argparse.Namespace, aws_session: boto3.Session, deployed: DeployedStack) -> None:
    push.make(push.PushRole(aws_session), deployed.push_app_arn, _print)


def _revocation(
    aws_session: boto3.Session, deployed: DeployedStack, rooms: MeetingsOfRooms | None = None
) -> Revocation:
    if not deployed.own_role_arn:
        raise OperationError(f"{deployed.name} has no user role: its deployment has failed, or is still under way.")
    roles = [IamRole(aws_session, arn, deployed.account) for arn in deployed.role_arns]
    marks = id_marks(deployed.parameters.get("Providers", ""))
    listed = RevocationListParameter(aws_session, deployed.list_name, marks)
    return Revocation(listed, roles, time.sleep, _print, rooms)


def _rooms(aws_session: boto3.Session, deployed: DeployedStack) -> MeetingsOfRooms | None:
    table = rooms_table(aws_session, deployed)
    return MeetingsOfRooms(aws_session, table, _app_instance_arn(deployed).split(":")[3]) if table else None


def _app_instance_arn(deployed: DeployedStack) -> str:
    if not deployed.app_instance_arn:
        raise OperationError(f"{deployed.name} has no output AppInstanceArn: its deployment has failed, or goes on.")
    return deployed.app_instance_arn


def _ids(arguments: argparse.Namespace) -> list[str]:
    return [each for words in arguments.users for each in words.split()]


def _answer(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is no NAME=VALUE")
    return name, value


def _ask(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        return ""


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's own output


def _print_error(text: str, status: int) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - likewise
    return status


def command_line() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m operations",
        description="Operate the stack of ENV (dev unless set; local: make run's), or of AWS_SAM_STACK_NAME.",
    )
    commands = parser.add_subparsers(required=True)
    for name, run, text in (
        ("revoke", _revoke, "revoke users: refuse new sign-ins, then deny the sessions that they have"),
        ("restore", _restore, "let revoked users sign in again"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("users", nargs="+", metavar="USER", help="a ChimeUserId, or several")
        command.set_defaults(run=run, pause=PAUSE_SECONDS)
    commands.choices["revoke"].add_argument(
        "--pause", type=float, default=PAUSE_SECONDS, metavar="SECONDS", help="between the list and the sessions"
    )
    commands.add_parser("revoked", help="print who is revoked, and which sessions are denied").set_defaults(
        run=_revoked
    )
    erase = commands.add_parser("erase", help="erase a person: end their sessions, delete them, keep nothing")
    erase.add_argument("user", metavar="USER", help="a ChimeUserId")
    erase.add_argument("--confirm", default=os.environ.get("CONFIRM"), metavar="USER", help="the id; else it is asked")
    erase.add_argument("--pause", type=float, default=PAUSE_SECONDS, metavar="SECONDS", help="as of revoke")
    erase.add_argument("--wait", type=float, metavar="SECONDS", help="in a rehearsal on the local stack: no hour")
    erase.set_defaults(run=_erase)
    delete = commands.add_parser("delete", help="delete the stack, and print what stays")
    delete.add_argument(
        "--confirm", default=os.environ.get("CONFIRM"), metavar="STACK", help="its name; else it is asked"
    )
    delete.set_defaults(run=_delete)
    prepare = commands.add_parser("prepare", help="ask for the answers that are missing, check them and the account")
    prepare.add_argument(
        "--answer",
        type=_answer,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter's value, to be saved",
    )
    prepare.add_argument("--region", default="", help="where to deploy, to be saved")
    prepare.add_argument(
        "--accept-unreachable",
        action="store_true",
        help="accept issuers whose keys cannot be fetched from this machine",
    )
    prepare.set_defaults(run=None, run_alone=_prepare)
    doctor = commands.add_parser("doctor", help="look at the stack, without changing it, and say what is wrong")
    doctor.add_argument("--url", default="", help="where users sign in, if the stack cannot be asked")
    doctor.add_argument(
        "--origin", default="", help="of the page that is to call; the first of AllowedOrigins unless given"
    )
    doctor.add_argument("--token-file", default="", metavar="FILE", help="a user's token; or on standard input")
    doctor.add_argument("--json", action="store_true", help="print one line of JSON")
    doctor.add_argument("--seconds", type=float, default=10.0, help="within which all is done (10)")
    doctor.set_defaults(run=None, run_alone=_doctor)
    commands.add_parser("try-out", help="call the stack as a client does").set_defaults(run=_try_out)
    commands.add_parser("push-role", help="make the account's role for push notifications").set_defaults(run=_push_role)
    return parser
