"""An authorizer with the verifier of Powertools for AWS Lambda, as its documentation shows it."""

import os
from typing import Any

from aws_lambda_powertools.utilities.auth_alpha import JWTVerifier

verifier = JWTVerifier(
    issuer=os.environ["ISSUER"],
    audience=os.environ["AUDIENCE"],
    algorithms=["RS256"],
    jwks_uri=os.environ["JWKS_URI"],
    required_claims=["sub"],
)
verifier.prefetch()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer with a policy; Allow has the user's name beside the subject."""
    return verifier.authorize(event, context_claims=["sub", "name"])
