"""
The handler: a verified caller goes in, Chime credentials come out.

Read `app` (what Lambda calls), `edge` (what any function behind the authorizer does with an event), then `exchange`,
the heart. What the exchange is made of: `caller`, `identity`, `names`, `deadline`, and the three adapters with what
they are for: `users` (Chime), `sessions` (STS), `revocation` (Parameter Store); `aws` is what adapters share. `errors`
lists all that can go wrong. `signed_in`, `answers` and `telemetry` tell clients and operators. `settings`, with
`origins`, reads the environment variables.
"""

import gc
import os

# The objects that a start makes stay for good, so looking for garbage only takes time. `app` allows it again.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
