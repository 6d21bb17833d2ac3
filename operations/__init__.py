"""
What operators do to a deployed stack, with their own AWS credentials: cut users off, and take that back.

Read `__main__` (the commands), then `revocation` (what happens, in which order, and why), then what it is made of:
`users` (the list, and whose names may stand in it), `denials` (the policies that end sessions), with `errors`. At the
border to AWS stands `aws`; `target` says which stack is meant. Nothing of this is deployed.
"""
