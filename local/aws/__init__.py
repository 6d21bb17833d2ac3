"""
Be AWS on one address: STS, Chime SDK identity and messaging, Secrets Manager, IAM and CloudFormation.

Read `endpoint` (what happens to a request, in order), then the layers in that order: `control`, `calls`,
`signature`, `permissions`, `faults`, `cloud`. `call` turns bytes into an operation; `errors` turns a refusal into
bytes; `callers` knows who may sign. `permissions` asks `operations` what a call needs, `grants` which policies its
caller has, `contexts` what conditions can be about, and `policies` for the decision. `sts`, `sessions` and `services`
are what moto lacks.
"""
