"""
Be AWS on one address: STS, Chime SDK identity, Secrets Manager, IAM and CloudFormation.

Read `endpoint` (what happens to a request, in order), then the layers in that order: `control`, `calls`,
`signature`, `faults`, `cloud`. `call` turns bytes into an operation; `errors` turns a refusal into bytes; `callers`
knows who may sign; `sts`, `sessions` and `services` are what moto lacks.
"""
