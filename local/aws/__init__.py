"""
Emulate AWS on one port: STS, Chime SDK identity, messaging and meetings, Secrets Manager, DynamoDB, IAM and others.

Read `endpoint` first: it says which middlewares a request passes, and in which order. Then read them in that order:
`control`, `call_log`, `authentication`, `permissions`, `faults`, `messaging_connections`, `moto_services`.

What these use: `aws_request` parses an HTTP request into an operation with parameters; `authorization` parses what
signs it; `identities` finds the owner of an access key; `errors` writes an error as the called service would.
`permissions` asks `required_permissions` (for DynamoDB `table_permissions`) which actions and resources an operation
needs, `condition_context` for the values of condition keys, and `policies` for the decision. `sts` and `moto_patches`
replace what moto does otherwise than AWS; the services that moto lacks are in `local.chime`.
"""
