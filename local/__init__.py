"""
The service on one machine: API Gateway, Lambda, a token issuer and AWS, with no account and no Docker.

Read `__main__` (the command) and `stack` (what is started, in which order), then the packages, each named after what
it emulates: `cloudformation` deploys template.yaml, `api_gateway` answers requests to the API, `lambda_runtime` runs
the functions, `issuer` signs tokens, `aws` answers all calls of the functions, and `chime` adds the services that moto
lacks, as moto would have them. `page` is the web page to try the service with; `http` is the HTTP server of all these.
"""
