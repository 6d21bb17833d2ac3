"""
Decide who may sign in: a request goes in; a caller comes out, or a refusal.

Read `app` first (what Lambda calls, and the start), then `edge` (API Gateway's event in, a policy out) and `verifier`,
which lists the checks in their order. They are in `request`, `compact`, `providers` (with `tenants`), `keys` (with
`algorithms` and `signatures`) and `claims` (with `claim_paths` and `names`); `errors` has everything that can go wrong.

`key_sources` gives the keys that may have signed a token. It keeps them in a `refreshing_cache`, whose ages are read
from a `clock`. Keys are fetched by `https` (over `connections`, from servers that `trust` accepts), shared secrets by
`secrets`. `telemetry` writes metrics, and log entries in the form of `log_lines`; `log_level` says from which level on.

`settings` builds all of this from environment variables. `options` reads an entry of PROVIDERS option by option,
`key_options` those about its keys, `identity_options` those about its users, `guests` what is different where those are
guests; `presets` holds what is known of each identity provider, in the form that `preset` defines.
"""

import gc
import os

# What a start makes stays in use, so that collecting garbage only takes time. `app` enables it after the start.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()

    import contextlib
    import importlib

    # First, because whatever is imported later has regular expressions. It is in built layers (layers/expressions.py).
    with contextlib.suppress(ImportError):
        importlib.import_module("regular_expressions")
