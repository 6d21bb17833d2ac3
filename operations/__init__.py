"""
What operators do to a deployed stack, with their own AWS credentials: cut users off, make the role for push, delete it.

Read `__main__` (the commands), then what each does: `revocation` (what happens, in which order, and why) with `users`
(the list, and how runs at the same time all get their way) and `denials` (the policies that end sessions); `deletion`;
`push`. Which stack is meant says `target`, from `samconfig`. At the border to AWS stand `aws` and `cloudformation`, and
`refusals` says what to do when AWS says no. `deploy_options` is a part of `make deploy`.
Nothing of this is deployed.
"""
