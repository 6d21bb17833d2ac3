"""
Evaluate IAM policies as AWS does, and refuse loudly what is not understood: nothing here allows by not knowing.

Read `evaluation` (who wins), then `documents` (what a policy may say), `principals`, `conditions`, `patterns`
(wildcards and variables) and `keys` (what is known of a request). Source, unless another is named beside a rule:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html.
"""
