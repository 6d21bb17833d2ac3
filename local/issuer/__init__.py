"""
A token issuer with real keys, which also plays the providers of an answers file.

Read `issuer`, then `providers` (whose tokens it makes), `token_forms` (what they look like) and `signing`.
"""
