"""
Send mutated tokens, claims, events, settings and issuers' answers through the authorizer, led by the code they reach.

`make fuzz SECONDS=60`. Each target has a process of its own and its share of the time. What makes anything but a
documented error escape, or lets somebody in against a second opinion, is kept in .build/fuzz/, and the run fails.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TARGETS = ("token", "signed", "preset", "event", "settings", "answer")
FOUND = Path(__file__).parents[2] / ".build" / "fuzz"
WORDS = Path(__file__).with_name("json.dict")
OPTIONS = (f"-dict={WORDS}", "-max_len=8192", "-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1")


def main(seconds: int) -> None:
    """Fuzz every target, print what was done, and exit with 1 if anything was found."""
    if not importlib.util.find_spec("atheris"):
        sys.exit("atheris has no wheel for this Python on this machine: fuzz on Linux, x86_64, Python 3.11 to 3.13.")
    FOUND.mkdir(parents=True, exist_ok=True)
    print(f"{'target':<12}{'executions':>12}{'edges':>8}{'inputs kept':>13}")  # noqa: T201 - a command's output
    broken = [name for name in TARGETS if not _fuzz(name, max(seconds // len(TARGETS), 1))]
    if broken:
        sys.exit(f"Found something: {', '.join(broken)}. The input is in {FOUND}.")


def _fuzz(name: str, seconds: int) -> bool:
    with tempfile.TemporaryDirectory() as corpus:
        options = (*OPTIONS, f"-max_total_time={seconds}", f"-artifact_prefix={FOUND}/{name}-")
        command = [sys.executable, "-m", "tests.fuzz.target", name, corpus, *options]
        path = {"PYTHONPATH": "signin_function"}
        done = subprocess.run(command, env=path, capture_output=True, text=True, errors="replace", check=False)
        kept = len(list(Path(corpus).iterdir()))
    executions = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    edges = re.findall(r"cov: (\d+)", done.stderr)
    print(f"{name:<12}{executions[1] if executions else '?':>12}{edges[-1] if edges else '?':>8}{kept:>13}", flush=True)  # noqa: T201 - as above
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-1000:], sep="\n")  # noqa: T201 - as above
    return done.returncode == 0


if __name__ == "__main__":
    main(int(sys.argv[1]))
