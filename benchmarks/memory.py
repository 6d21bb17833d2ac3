"""
How long sign-ins take at each memory size, and what they cost.

With the memory Lambda gives a share of a processor, a whole one at 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). The functions as built run in containers of
Lambda's image that are held to that share and that memory. While a function starts, Lambda is widely measured to lend
it more, but AWS promises that nowhere: so each size is started both ways.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3

from benchmarks import prices
from benchmarks.measure import CannotMeasureError, Times
from benchmarks.report import Table
from tests.docker import sam
from tests.docker.cloud import Cloud
from tests.docker.events import authorizer_event, signin_event
from tests.docker.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SIZES = (128, 256, 512, 1024, 1769)
"""In MB; template.yaml allows none below 256."""
WHOLE = 1769
PERIOD = 20_000
"""Microseconds within which a container may use up its share: what observers found in Lambda. Docker's is 100,000."""
ROUNDS = 4
WARM_ANSWERS = 9
OK = 200
DELAY = 40
"""Milliseconds that each call of Chime and STS takes."""

PRICED = ("warm", "cold", "cold, lent")


@dataclass(frozen=True)
class Run:
    """What one copy of a function took: milliseconds, and megabytes at most."""

    start: float
    first: float
    warm: float
    peak: float


@dataclass(frozen=True)
class SignIn:
    """What a sign-in took: the authorizer, and after it the handler."""

    authorizer: Run
    handler: Run

    @property
    def cold(self) -> float:
        """Return the milliseconds if neither was there."""
        return sum(run.start + run.first for run in (self.authorizer, self.handler))

    @property
    def warm(self) -> float:
        """Return the milliseconds if both were."""
        return self.authorizer.warm + self.handler.warm


Results = dict[tuple[int, bool], list[SignIn]]
"""By size, and by whether a whole processor was lent until the functions had started."""


def tables() -> list[Table]:
    """Measure it in some three minutes, or say why not."""
    try:
        sam.image_flags()
        sam.build()
        with Cloud() as cloud:
            for operation in ("AssumeRole", "DescribeAppInstanceUser"):
                fault = {"operation": operation, "delay_ms": DELAY, "times": -1}
                urllib3.request("POST", f"{cloud.server.url}/local/faults", json=fault)
            results = _results(cloud)
    except (OSError, subprocess.SubprocessError, sam.SamError) as error:
        raise CannotMeasureError(str(error).partition("\n")[0]) from error
    return [_table(results)]


def _results(cloud: Cloud) -> Results:
    cases = [(size, lent) for size in SIZES for lent in (False, True)]
    results: Results = {case: [] for case in cases}
    for turn in range(ROUNDS):
        for size, lent in cases[turn:] + cases[:turn]:
            results[size, lent].append(_sign_in(cloud, size, lent=lent))
    return results


def _sign_in(cloud: Cloud, size: int, *, lent: bool) -> SignIn:
    token = cloud.token()
    authorizer, policy = _run("AuthorizerFunction", cloud, authorizer_event(token), size, lent=lent)
    handler, answer = _run("SigninFunction", cloud, signin_event(token, policy["context"]), size, lent=lent)
    if answer["statusCode"] != OK:
        raise sam.SamError(f"A sign-in failed: {answer}")
    return SignIn(authorizer, handler)


def _run(function: str, cloud: Cloud, event: Mapping[str, Any], size: int, *, lent: bool) -> tuple[Run, dict[str, Any]]:
    share = f"--cpu-quota={PERIOD * size // WHOLE}"
    at_start = [f"--cpu-period={PERIOD}", f"--cpu-quota={PERIOD}" if lent else share]
    memory = [f"--memory={size}m", f"--memory-swap={size}m"]
    with Runtime(function, cloud, [*at_start, *memory], _one_provider(function, cloud)) as copy:
        start = copy.start()
        copy.limit(share)
        first, answer = copy.invoke(event)
        warm = Times([copy.invoke(event)[0] for _ in range(WARM_ANSWERS)]).median
        return Run(1000 * start, 1000 * first, 1000 * warm, copy.peak_memory() / 2**20), answer


def _one_provider(function: str, cloud: Cloud) -> dict[str, str]:
    """Return the setting with the issuer alone: for a shared secret the authorizer needs boto3, and few have one."""
    providers = json.loads(cloud.settings(function).get("PROVIDERS", "[]"))
    return {"PROVIDERS": json.dumps(providers[:1])} if providers else {}


def _table(results: Results) -> Table:
    note = f"""\
Median (p10 to p90) of {ROUNDS} runs, each in new containers; warm, the median of {WARM_ANSWERS} answers each. “With its
share” is a start with no more of a processor than the share, as Lambda documents; “lent” is one with a whole processor,
as others have measured and AWS promises nowhere. Memory is the most that a process held, of authorizer and handler.
{prices.NOTE}; a start is billed as its answers are."""
    columns = [
        "MB",
        "of a vCPU",
        "cold, with its share",
        "cold, lent",
        "warm",
        "memory",
        *(f"USD, {how}" for how in PRICED),
    ]
    return Table("Sign-ins by memory size, milliseconds", note, columns, [_row(results, size) for size in SIZES])


def _row(results: Results, size: int) -> list[str]:
    share, lent = results[size, False], results[size, True]
    warm = [prices.of_a_million(size, *(run.warm for run in _both(one))) for one in share]
    cold = (
        [prices.of_a_million(size, *(sum(_steps(run)) for run in _both(one))) for one in runs] for runs in (share, lent)
    )
    peaks = (max(run.peak for run in copies) for copies in zip(*map(_both, [*share, *lent]), strict=True))
    return [
        f"{size:,}",
        f"{size / WHOLE:.2f}",
        *(_cell(one.cold for one in runs) for runs in (share, lent)),
        _cell(one.warm for one in [*share, *lent]),
        " and ".join(f"{peak:.0f}" for peak in peaks),
        *(f"{Times(dollars).median:.2f}" for dollars in (warm, *cold)),
    ]


def _steps(run: Run) -> tuple[float, float]:
    return run.start, run.first


def _both(one: SignIn) -> tuple[Run, Run]:
    return one.authorizer, one.handler


def _cell(figures: Iterable[float]) -> str:
    times = Times(list(figures))
    return f"{times.median:,.0f} ({times.quantile(10):,.0f} to {times.quantile(90):,.0f})"
