"""
What API Gateway's REST APIs do with a request. `sam local start-api` does much of it differently.

Read `app` (the way of a request), then in that order: `definition` (what the OpenAPI body says), `request`,
`events` (what functions receive), `authorizers` (who may pass), `integration_responses` (what functions may
answer) and `gateway_responses` (what API Gateway answers by itself).
"""
