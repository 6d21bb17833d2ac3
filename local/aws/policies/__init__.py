"""
Evaluate IAM policies as AWS does. What is not understood is an error: nothing is allowed because it was not understood.

Read `evaluation` first (which statement decides), then `documents` (what a policy may have in it), `principals`,
`conditions`, `patterns` (wildcards and variables) and `condition_keys`. Source, unless a rule names another:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html.
"""

from __future__ import annotations


class PolicyError(Exception):
    """A policy is wrong, or has something that is not understood here; the text names it."""
