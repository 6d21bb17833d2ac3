"""
Who may enter: a request goes in, a caller we can name comes out, or a refusal.

Read `app` (the edge: API Gateway's event in, a policy out), then `verifier` (the heart), then what it
is made of: `request`, `compact`, `providers`, `keys`, `claims`, with `errors` for everything that can
go wrong. At the other border stand the adapters: `key_sources` remembers keys, `https` and `secrets`
fetch them. `settings` builds it all from environment variables.
"""
