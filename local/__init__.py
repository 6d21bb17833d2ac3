"""
The service on one machine: API Gateway, Lambda, a token issuer and AWS, with no account and no Docker.

Read `__main__` (the command) and `stack` (what is started, in which order), then the packages, each named after what
it plays: `cloudformation` deploys template.yaml, `api_gateway` answers requests to the API, `lambda_runtime` runs the
functions, `issuer` signs tokens, `aws` is everything that the functions call, and `chime` what moto lacks of that, in
moto's own form. `page` is the page to try it all, and `http` the server of them all.
"""
