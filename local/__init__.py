"""
The service on one machine: API Gateway, Lambda, a token issuer and AWS, with no account and no Docker.

Read `__main__` (the command) and `stack` (what is started, in which order), then `template` and `deployment`
(what template.yaml says), `gateway` (what API Gateway does with it), `functions` with `process` and `worker`
(what Lambda does) and, behind them, `issuer` with `signing`, and `aws`. `web` serves them all, behind
`hosts`, `origins` and `bodies`, which say who gets in and with how much; `homepage` is the page to try it.
"""
