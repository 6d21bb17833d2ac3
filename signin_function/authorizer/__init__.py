"""
Who may enter: a request goes in, a caller we can name comes out, or a refusal.

Read `app` (the edge: API Gateway's event in, a policy out), then `verifier` (the heart), then what it
is made of: `request`, `compact`, `providers` (with `tenants`), `keys` (with `algorithms` and `signatures`),
`claims` (with `claim_paths` and `names`), with `errors` for everything that can go wrong. `key_sources` says
which keys may have signed, and `remembered` keeps them by a `clock` that nobody can turn back; at the border `https`
(over `connections` and `resolver`, with `content_encoding`) and `secrets` (with `secret_encodings`) fetch them, and
`telemetry` tells operators. `settings` builds it all from environment variables: `options` reads an entry,
`key_options` its keys, `identity_options` who its users are; `presets` know the identity providers, by `preset`.
"""

import gc
import os

# What a start makes is there to stay, so that looking for garbage only takes time until `app` allows it.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
