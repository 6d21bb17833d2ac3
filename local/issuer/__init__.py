"""A token issuer with real keys. Read `issuer`, then `signing`."""
