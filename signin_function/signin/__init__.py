"""
What callers get: a verified caller goes in, Chime credentials come out.

Read `app` (the edge: API Gateway's proxy event in, an answer out), then `exchange` (the heart), then
what it is made of: `caller`, `identity`, `revocation`, `users`, `sessions`, `budget`, with `errors` for everything that
can go wrong. `answers` (with `cors`) tells clients, `telemetry` operators. At the other border stand the
adapters: `chime`, `sts`, `ssm`, and `aws`, which they share. `settings` reads the environment variables.
"""
