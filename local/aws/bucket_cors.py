"""
Let web pages read the answers of S3 as the bucket's CORS configuration says.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html. That an answer with an error has these headers
too is inferred.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from local.aws import buckets
from local.aws.s3_requests import bucket_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from moto.core.request import Request
    from moto.s3.models import CorsRule, FakeBucket
    from werkzeug.datastructures import Headers

_REFUSED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)
_NO_RULES = "CORSResponse: CORS is not enabled for this bucket."
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def preflight(http: Request) -> Response | None:
    """Answer a browser's preflight for a bucket; None if it is for none."""
    bucket = buckets.find(bucket_of(http))
    if bucket is None:
        return None
    requested = http.headers.get("Access-Control-Request-Headers", "")
    names = [name.strip().lower() for name in requested.split(",") if name.strip()]
    rule = _rule(bucket, http.headers, http.headers.get("Access-Control-Request-Method", ""), names)
    if rule is None:
        return _forbidden(_REFUSED if bucket.cors else _NO_RULES)
    response = Response(status=200)
    response.headers.extend(_headers(rule, http.headers, names))
    return response


def wrong(rules: Iterable[Mapping[str, Any]]) -> str | None:
    """Return why S3 does not take *rules*, as its API has them; None if it does."""
    for rule in rules:
        for name in ("AllowedOrigins", "AllowedHeaders"):
            for text in rule.get(name) or ():
                if text.count("*") > 1:
                    return f'{name.removesuffix("s")} "{text}" can not have more than one wildcard.'
    return None


def add_headers(http: Request, response: Response) -> None:
    """Put onto the answer to a request what a browser needs to show it to the page; take away what moto put there."""
    for name in [name for name, _ in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]
    bucket = buckets.find(bucket_of(http))
    rule = _rule(bucket, http.headers, http.method, []) if bucket else None
    if rule is not None:
        response.headers.extend(_headers(rule, http.headers, []))


def _rule(bucket: FakeBucket, headers: Headers, method: str, names: list[str]) -> CorsRule | None:
    """Return the first rule for the origin, the method and all headers."""
    origin = headers.get("Origin", "")
    for rule in bucket.cors:
        fits = method in _list(rule.allowed_methods) and any(
            _fits(each, origin) for each in _list(rule.allowed_origins)
        )
        allowed = [each.lower() for each in _list(rule.allowed_headers)]
        if origin and fits and all(any(_fits(each, name) for each in allowed) for name in names):
            return rule
    return None


def _headers(rule: CorsRule, headers: Headers, names: list[str]) -> dict[str, str]:
    is_for_all = "*" in _list(rule.allowed_origins)
    found = {
        "Access-Control-Allow-Origin": "*" if is_for_all else headers.get("Origin", ""),
        "Access-Control-Allow-Methods": ", ".join(_list(rule.allowed_methods)),
        "Access-Control-Allow-Headers": ", ".join(names),
        "Access-Control-Expose-Headers": ", ".join(_list(rule.exposed_headers)),
        "Access-Control-Max-Age": str(rule.max_age_seconds or ""),
        "Access-Control-Allow-Credentials": "" if is_for_all else "true",
        "Vary": _VARY,
    }
    return {name: value for name, value in found.items() if value}


def _fits(pattern: str, value: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), value) is not None


def _list(value: Any) -> list[str]:
    """Return a list; moto has one string where the configuration has one element."""
    return [value] if isinstance(value, str) else list(value or ())


def _forbidden(message: str) -> Response:
    body = f"<Error><Code>AccessForbidden</Code><Message>{escape(message)}</Message></Error>"
    return Response(body, 403, content_type="application/xml")
