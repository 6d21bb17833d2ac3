"""
What operators do with their own AWS credentials: deploy and try a stack, revoke or erase users, delete a stack.

Read `__main__` (the commands), then what each does: `revocation` (what happens, in which order, and why), with
`revoked_users` (the list of revoked users) and `deny_policies` (the policies that deny their sessions); `erasure`, with
`app_instance_users` (the users in Chime); `deletion`; `push`. `target` says which stack is meant, `samconfig` reads
that from samconfig.toml, `local_stack` is for the one on this machine (ENV=local), and `cloudformation` finds the
stack. `aws` turns AWS's errors into sentences that say what to do.

Before `sam build`, `make deploy` runs `preparation`: `interview` asks for the `answers` that are missing (`terminal`
types and shows, `draft` keeps what was typed, `tokens` reads from a pasted token), `functions` and `issuers` check them
by the functions' own code, `template` (with `parameters`, `rules` and `variables`) as CloudFormation and Lambda would,
and `account` with `readiness` looks at the account. `all_values` adds the defaults to the answers, `deploy_options`
changes what was built, and `tryout` calls what was deployed.

`doctor` looks at a stack from outside and inside AWS, without changing it, and says what is wrong.

Nothing of this is deployed.
"""
