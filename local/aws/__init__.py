"""
Emulate AWS: STS, Chime SDK identity and messaging, Secrets Manager, Parameter Store, IAM, CloudFormation, at one address.

Read `endpoint` first: it says which layers a request passes and in which order. Then the layers in that order:
`control`, `call_log`, `authentication`, `permissions`, `faults`, `messaging_connections`, `moto_services`.

What the layers use: `aws_request` parses an HTTP request into an operation with parameters; `authorization` parses what
signs it; `identities` finds the owner of an access key; `errors` writes an error as the called service would.
`permissions` asks `required_permissions` which actions and resources an operation needs, `condition_context` for the
values of condition keys, and `policies` for the decision. `sts` and `moto_patches` replace what moto does otherwise
than AWS; the services that moto lacks are in `local.chime`.
"""
