"""
The service on one machine: API Gateway, Lambda, a token issuer and AWS, with no account and no Docker.

Read `stack` (what is started, in which order), then `deployment` (what template.yaml says),
`gateway` (what API Gateway does with it), `functions` (what Lambda does) and, behind them,
`issuer` and `aws`. `web` serves them all.
"""
