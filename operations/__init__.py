"""
What operators do to a deployed stack with their own AWS credentials: revoke users, make the role for push, delete it.

Read `__main__` (the commands), then what each does: `revocation` (what happens, in which order, and why), with `users`
(the list of revoked users) and `deny_policies` (the policies that deny their sessions); `deletion`; `push`. `target`
says which stack is meant, `samconfig` reads that from samconfig.toml, and `cloudformation` finds the stack. `aws` turns
AWS's errors into sentences that say what to do. `deploy_options` is a part of `make deploy`.

Nothing of this is deployed.
"""
