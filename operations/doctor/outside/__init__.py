"""Checks that need no AWS credentials: they call what browsers, apps and the authorizer call."""
