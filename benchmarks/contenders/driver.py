"""
What Lambda's runtime does, as little as can be: load the handler, then answer an event a line.

Arguments: the handler (module.function), and the descriptor for answers. Imports come from PYTHONPATH. What the
function prints goes where its standard output goes.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Load, and answer until the input ends."""
    module, _, function = sys.argv[1].rpartition(".")
    handler = getattr(importlib.import_module(module), function)
    answers = int(sys.argv[2])
    for line in sys.stdin:
        event = json.loads(line)
        start = time.perf_counter()
        value = handler(event, None)
        milliseconds = (time.perf_counter() - start) * 1000
        told = {"milliseconds": milliseconds, "kilobytes": peak_kilobytes(), "answer": value}
        os.write(answers, json.dumps(told).encode() + b"\n")


def peak_kilobytes() -> int:
    """Return the most memory that this process has held; 0 where there is no Linux to tell."""
    status = Path("/proc/self/status")
    # getrusage would count the process, too, from which this one was forked.
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


main()
