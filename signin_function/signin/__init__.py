"""
What callers get: a verified caller goes in, Chime credentials come out.

Read `app` (the edge: API Gateway's proxy event in, an answer out), then `exchange` (the heart), then
what it is made of: `caller`, `identity`, `names`, `revocation`, `users`, `sessions`, `deadline`, with `errors` for
everything that can go wrong. `answers` (with `cors` and `origins`) tells clients, `telemetry` operators. At the other
border stand the adapters: `chime`, `sts`, `ssm`, and `aws`, which they share. `settings` reads the environment
variables.
"""

import gc
import os

# What a start makes is there to stay, so that looking for garbage only takes time until `app` allows it.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
