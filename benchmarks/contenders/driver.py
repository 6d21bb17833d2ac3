"""
What Lambda's runtime does, as little as can be: load the handler, then answer an event a line.

Arguments: the handler (module.function), and the descriptor for answers. Imports come from PYTHONPATH. What the
function prints goes where its standard output goes.
"""

import importlib
import json
import os
import resource
import sys
import time


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
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        told = {"milliseconds": milliseconds, "kilobytes": kilobytes, "answer": value}
        os.write(answers, json.dumps(told).encode() + b"\n")


main()
