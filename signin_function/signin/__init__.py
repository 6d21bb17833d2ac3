"""
The handler: a verified caller goes in, Chime credentials come out.

Read `app` (what Lambda calls), `edge` (what any function behind the authorizer does with an event), then `exchange`,
which calls AWS. It uses `caller`, `identity`, `names`, `deadline` and three adapters: `users` (Chime), `sessions` (STS)
and `revocation` (Parameter Store); `aws` is what the adapters share, and `guests` says how long Chime keeps a guest.
`errors` lists all that can go wrong. `answers` makes HTTP answers, `telemetry` logs and counts, and `signed_in` does
both for a sign-in that worked. `settings`, with `environment` and `origins`, reads the environment variables.
`snapshot` is for Lambda SnapStart (`make deploy SNAPSTART=1`).
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
