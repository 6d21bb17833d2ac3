"""The steps that made a cold sign-in faster, and how each is undone in a copy of the functions as built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import CannotMeasureError
from benchmarks.programs import Program, python, system_store_of
from tests.layers import STAND_INS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.upstream import Upstream

INSTALLED = Path(sysconfig.get_path("purelib"))
"""Where packages are whole: of the same versions as in the layers, because one lock holds both to them."""


@dataclass(frozen=True)
class Copy:
    """One function's *code* and the *packages* of its layer, in folders of their own, and the *variables* it gets."""

    code: Path
    packages: Path
    variables: dict[str, str]

    def edit(self, module: str, before: str, after: str) -> None:
        """
        Replace the text *before* in a *module* of the function by *after*, and compile the module anew.

        Raises:
            CannotMeasureError: The text is not there, or more than once.
        """
        source = self.code / module
        text = source.read_text()
        if text.count(before) != 1:
            raise CannotMeasureError(f"{module} has {text.count(before)} times what a step is undone by: {before!r}")
        source.unlink()  # it is the same file as what was built
        source.write_text(text.replace(before, after))
        compiling = [python(), "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", str(source)]
        subprocess.run(compiling, check=True)


def _nothing_else(_: Copy, __: Upstream) -> None:
    """Change nothing but by edits."""


@dataclass(frozen=True)
class Undoing:
    """
    How a step is undone in one *function* (Authorizer or Signin): by *edits* (module, before, after), and by *change*.

    *says* is Python code. It prints True if the step is undone in the process that it runs in, after a start, and False
    in the function as built.
    """

    function: str
    says: str
    edits: Sequence[tuple[str, str, str]] = ()
    change: Callable[[Copy, Upstream], None] = field(default=_nothing_else)

    def program(self, built: Program, running: Upstream, folder: Path) -> Program:
        """
        Return the function *built*, without the step. Its copy is made in *folder*, which is not there yet.

        Raises:
            CannotMeasureError: The step cannot be undone in this way any more.
        """
        code, packages = (
            shutil.copytree(place, folder / str(number), copy_function=os.link)
            for number, place in enumerate(built.environment["PYTHONPATH"].split(os.pathsep))
        )
        copy = Copy(code, packages, {**built.environment, "PYTHONPATH": f"{code}{os.pathsep}{packages}"})
        for edit in self.edits:
            copy.edit(*edit)
        self.change(copy, running)
        undone = Program(built.command, copy.variables)
        said = self._said_by(built), self._said_by(undone)
        if said != ("False", "True"):
            raise CannotMeasureError(f"A step of {self.function} was not undone, but {said}, by: {self.says}")
        return undone

    def _said_by(self, program: Program) -> str:
        code = f"import {self.function.lower()}.app as app\n{self.says}"
        command = [program.command[0], "-P", "-c", code]
        environment = dict(program.environment)
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return (said.stdout or said.stderr).strip().rpartition("\n")[2]


def _machines_bundle(copy: Copy, running: Upstream) -> None:
    copy.variables.update(system_store_of(running))


def _without_amazons_roots(copy: Copy, _: Upstream) -> None:
    (copy.packages / "amazon_roots.pem").unlink()


def _whole_s3transfer(copy: Copy, _: Upstream) -> None:
    package = copy.packages / "s3transfer"
    shutil.rmtree(package)
    shutil.copytree(INSTALLED / "s3transfer", package, ignore=shutil.ignore_patterns("__pycache__"))
    compiling = [python(), "-m", "compileall", "-q", "-b", "--invalidation-mode", "unchecked-hash", str(package)]
    subprocess.run(compiling, check=True)
    for source in package.rglob("*.py"):
        source.unlink()


def _whole_data(copy: Copy, _: Upstream) -> None:
    data = copy.packages / "botocore" / "data"
    shutil.rmtree(data)
    data.symlink_to(INSTALLED / "botocore" / "data")


def _without_expressions(copy: Copy, _: Upstream) -> None:
    for module in ("regular_expressions.pyc", "compiled_expressions.pyc"):
        (copy.packages / module).unlink()


def _sources_alone(copy: Copy, running: Upstream) -> None:
    # What a build writes has no source, and a layer without bytecode has none of it.
    _without_expressions(copy, running)
    for folder in list(copy.code.rglob("__pycache__")):
        shutil.rmtree(folder)
    for compiled in list(copy.packages.rglob("*.pyc")):
        shutil.copyfile(_source_of(compiled.relative_to(copy.packages)), compiled.with_suffix(".py"))
        compiled.unlink()


def _source_of(compiled: Path) -> Path:
    """Return the source of a module of a layer."""
    for place in (STAND_INS, INSTALLED):
        source = place / compiled.with_suffix(".py")
        if source.is_file():
            return source
    raise CannotMeasureError(f"{compiled} of a layer has no source in {INSTALLED}.")


_COMPILED_BY_ITSELF = """\
import os, sys
places = tuple(os.environ["PYTHONPATH"].split(os.pathsep))
kept = [module.__cached__ or "" for module in sys.modules.values() if getattr(module, "__cached__", None)]
print(not any(os.path.exists(path) for path in kept if path.startswith(places)))"""


def _collecting(function: str) -> Undoing:
    package = function.lower()
    edits = [
        (f"{package}/__init__.py", "    gc.disable()\n", "    gc.isenabled()\n"),
        (f"{package}/app.py", "    gc.freeze()", "    gc.isenabled()"),
    ]
    return Undoing(function, "import gc; print(gc.get_freeze_count() == 0)", edits)


STEPS: Mapping[str, Sequence[Undoing]] = {
    "bytecode in the layers and beside our sources": [
        Undoing(function, _COMPILED_BY_ITSELF, change=_sources_alone) for function in ("Authorizer", "Signin")
    ],
    "regular expressions compiled when the layers are built": [
        Undoing(function, "import sys; print('regular_expressions' not in sys.modules)", change=_without_expressions)
        for function in ("Authorizer", "Signin")
    ],
    "issuers' roots one file each, in place of the machine's bundle": [
        Undoing(
            "Authorizer",
            "from authorizer.trust import trust; print(len(trust().tls().get_ca_certs()) > 50)",
            change=_machines_bundle,
        )
    ],
    "Amazon's five roots first, in place of botocore's bundle": [
        Undoing(
            "Signin",
            "from botocore.httpsession import get_cert_path; from signin.trust import trust\n"
            "print(trust().narrowed(get_cert_path(True)) == get_cert_path(True))",
            change=_without_amazons_roots,
        )
    ],
    "a stand-in for s3transfer": [
        Undoing("Signin", "import sys; print('multiprocessing' in sys.modules)", change=_whole_s3transfer)
    ],
    "of botocore's data the operations that are called, unpacked": [
        Undoing(
            "Signin",
            "from signin.aws import client; print(len(client('sts').meta.service_model.operation_names) > 1)",
            change=_whole_data,
        )
    ],
    "of botocore's handlers those for every service": [
        Undoing(
            "Signin",
            "from botocore.handlers import disable_signing; from signin.aws import shared_session\n"
            "registered = shared_session().events._emitter._handlers\n"
            "print(disable_signing in registered.prefix_search('choose-signer.cognito-identity.GetId'))",
            [
                ("signin/aws.py", "BotocoreSession(include_builtin_handlers=False)", "BotocoreSession()"),
                ("signin/aws.py", 'if "." not in event:', "if not event:"),
            ],
        )
    ],
    "no search for garbage until all is loaded": [_collecting("Authorizer"), _collecting("Signin")],
    "issuers and AWS asked before the rest is loaded": [
        Undoing(
            "Authorizer",
            "names = app.warm_up.__code__.co_names; print(names.index('_load') < names.index('start'))",
            [
                (
                    "authorizer/app.py",
                    "    for fetch in fetches:\n        fetch.start()\n    _load()\n",
                    "    _load()\n    for fetch in fetches:\n        fetch.start()\n",
                )
            ],
        ),
        Undoing(
            "Signin",
            "import sys; print('aws_lambda_powertools' in sys.modules)",
            [("signin/app.py", "        opening = [", "        telemetry.load()\n        opening = [")],
        ),
    ],
    "names of issuers' hosts as bytes, for which no tables of Unicode are loaded": [
        Undoing(
            "Authorizer",
            "import sys; print('stringprep' in sys.modules)",
            [
                ("authorizer/connections.py", 'self._host.encode("ascii")', "self._host"),
                ("authorizer/connections.py", 'server_hostname=host.encode("ascii")', "server_hostname=host"),
            ],
        )
    ],
    "TCP_NODELAY for issuers": [
        Undoing(
            "Authorizer",
            "import socket; from authorizer.connections import IssuerConnections, Resolver\n"
            "server = socket.create_server(('127.0.0.1', 0))\n"
            "opened = IssuerConnections(9, Resolver()).open_socket(*server.getsockname())\n"
            "print(not opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))",
            [
                (
                    "authorizer/connections.py",
                    "        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n",
                    "",
                )
            ],
        )
    ],
}
"""Each step with how it is undone, in the functions that it is about."""
