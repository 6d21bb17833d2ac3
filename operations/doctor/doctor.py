"""Run all checks at the same time, and be back within some seconds whatever they meet."""

from __future__ import annotations

import importlib
import pkgutil
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from operations.aws import aws_errors_as_operation_errors
from operations.doctor import inside, outside
from operations.doctor.checks import CHECKS
from operations.doctor.finding import Finding, unknown
from operations.doctor.refusals import not_looked
from operations.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from operations.doctor.checks import Check, Place
    from operations.doctor.places import Inside, Outside

T = TypeVar("T")

SECONDS = 10.0
"""Within which all checks are run."""


@dataclass
class _Run:
    """A check that is under way, and what it has found so far."""

    check: Check
    findings: list[Finding] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)


class Within(Generic[T]):
    """What *function* returns, in a thread of its own that nobody need wait for."""

    def __init__(self, function: Callable[[], T]) -> None:
        """Begin."""
        self._result: T | None = None
        self._error: OperationError | None = None
        self._is_over = threading.Event()
        threading.Thread(target=self._run, args=(function,), daemon=True).start()

    def result(self, seconds: float) -> T:
        """
        Return it, if it is there within some seconds.

        Raises:
            OperationError: It is not, or *function* has raised one.
        """
        if not self._is_over.wait(seconds):
            raise OperationError(f"AWS has not answered within {seconds:g} seconds.")
        if self._error or self._result is None:
            raise self._error or OperationError("It could not be asked, by a mistake of this project.")
        return self._result

    def _run(self, function: Callable[[], T]) -> None:
        try:
            self._result = function()
        except OperationError as error:
            self._error = error
        finally:
            self._is_over.set()


def all_checks() -> tuple[Check, ...]:
    """Return the checks of all modules of `outside` and `inside`."""
    for package in (outside, inside):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return tuple(CHECKS.values())


def examine(
    checks: Iterable[Check], given: Mapping[Place, Outside | Inside], seconds: float = SECONDS
) -> dict[str, list[Finding]]:
    """
    Return what each check found, by its name; nothing if it does not apply. None takes longer than *seconds*.

    Checks of a place that is not *given* are left out.
    """
    runs = [_Run(check) for check in checks if check.place in given]
    end = time.monotonic() + seconds
    for run in runs:
        # A daemon, because a check that hangs must not keep the command from ending.
        threading.Thread(target=_look, args=(run, given[run.check.place]), name=run.check.name, daemon=True).start()
    return {run.check.name: _result(run, max(0.0, end - time.monotonic()), seconds) for run in runs}


def _look(run: _Run, place: Outside | Inside) -> None:
    try:
        with aws_errors_as_operation_errors():
            for finding in run.check.look(place):
                run.findings.append(replace(finding, check=run.check.name))
    except OperationError as error:
        run.findings.append(replace(not_looked(error), check=run.check.name))
    except Exception as error:  # noqa: BLE001 - a mistake in one check must not hide what the others found
        # Not the exception's text, which may hold anything.
        said = f"the check itself failed ({type(error).__name__}), which is a mistake of this project"
        run.findings.append(replace(unknown(said), check=run.check.name))
    run.is_over.set()


def _result(run: _Run, left: float, seconds: float) -> list[Finding]:
    if run.is_over.wait(left):
        return list(run.findings)
    return [*run.findings, replace(unknown(f"not answered within {seconds:.0f} seconds"), check=run.check.name)]
