"""
Rooms: a verified caller asks for a room by its name, and enters its meeting as themselves.

Read `app` (what Lambda calls: three routes), then `entrance` (find or open a room's meeting, and enter it) and
`closing` (leave it, or end it). They use `names`, `entitlements` (what a token lets its caller do in rooms),
`capabilities`, `openings` (how often one caller may open a room), and two adapters: `meetings` (Chime SDK meetings) and
`table` (DynamoDB). `errors` and `answers` have what can go wrong and what the client then gets, `joined` the answer and
the log entry of somebody who entered. `settings`, with `options`, reads the environment variables.

What every function behind the authorizer does is in `signin.edge`; the caller, their id, the deadline and the revoked
users are the sign-in's, too (docs/decisions/0024). Nothing of `signin` imports anything from here.
"""

import gc
import os

# The objects that a start makes stay for good, so looking for garbage only takes time. `app` allows it again.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()

    import contextlib
    import importlib

    # First, because whatever is imported later has regular expressions. It is in built layers (layers/expressions.py).
    with contextlib.suppress(ImportError):
        importlib.import_module("regular_expressions")
