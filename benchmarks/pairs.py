"""The contenders: an authorizer and a handler each, as their users would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.programs import (
    BUNDLED,
    BUNDLED_VERIFIER,
    SDK_V2,
    SDK_V3,
    VERIFIERS,
    check_refusals,
    node,
    ours,
    python_contender,
)

if TYPE_CHECKING:
    from benchmarks.programs import Program
    from benchmarks.upstream import Upstream

OURS = "ours"
BEST = "Node.js, best: jose 5; SDK v3; both bundled and minified"
"""jose 5 asks by Node.js's own `https`; jose 6, by `fetch`, starts some 10 ms later."""
USUAL = "Node.js, usual: jsonwebtoken with jwks-rsa; SDK v3's two clients"
USUAL_V2 = "Node.js, usual, with SDK v2"
PYTHON = "Python: Powertools' JWTVerifier (alpha); boto3"
PAIRS = {
    OURS: ("ours, the authorizer", "ours, the handler"),
    BEST: ("jose 5, bundled", "Node.js, SDK v3, bundled and minified"),
    USUAL: ("jsonwebtoken with jwks-rsa", "Node.js, SDK v3, its two clients"),
    USUAL_V2: ("jsonwebtoken with jwks-rsa", "Node.js, SDK v2, as the original loads it"),
    PYTHON: ("Powertools' JWTVerifier", "Python, plain boto3"),
}
"""Their authorizer and their handler, which are the keys of `authorizers` and `handlers`. The best Node.js is first."""


def authorizers(upstream: Upstream) -> dict[str, Program]:
    """
    Return what answers the authorizer's event: it verifies signature, issuer, audience, algorithm and expiry.

    Raises:
        CannotMeasureError: One of them does not.
    """
    programs = {
        "ours, the authorizer": ours(upstream, "Authorizer"),
        "jose 5, bundled": node(upstream, BUNDLED_VERIFIER),
        "jsonwebtoken with jwks-rsa": node(upstream, VERIFIERS / "usual.js"),
    }
    if upstream.trust:  # it takes no issuer without TLS
        programs["Powertools' JWTVerifier"] = python_contender(upstream, "powertools_jwt.handler")
    for name, program in programs.items():
        with program.running() as ask:
            check_refusals(name, ask, upstream)
    return programs


def handlers(upstream: Upstream) -> dict[str, Program]:
    """Return what answers the handler's event, in which it believes."""
    return {
        "ours, the handler": ours(upstream, "Signin"),
        "Node.js, SDK v3, bundled and minified": node(upstream, BUNDLED),
        "Node.js, SDK v3, its two clients": node(upstream, SDK_V3 / "handler.js"),
        "Node.js, SDK v2, as the original loads it": node(upstream, SDK_V2 / "whole.js"),
        "Python, plain boto3": python_contender(upstream, "plain_boto3.handler"),
    }
