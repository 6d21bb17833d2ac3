"""
What Lambda calls. A start asks the issuers for their keys before all else, and loads the rest while they answer.

So nothing is imported here but what it takes to ask: the rest is imported in functions.
"""

from __future__ import annotations

import functools
import gc
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from authorizer.clock import Clock
from authorizer.log_level import log_from, log_level
from authorizer.settings import Settings
from authorizer.trust import trust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.edge import Authorizer
    from authorizer.providers import Providers
    from authorizer.refreshing_cache import Fetch

WARM_UP_SECONDS = 4.0
"""Lambda gives ten seconds to a start; what is slower is left to the first token."""


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway with a policy; see `edge.Authorizer.decide`."""
    return _authorizer().decide(event)


@functools.cache
def _authorizer() -> Authorizer:
    log_from(log_level(os.environ))
    trust().on_widened = _trust_widened
    clock = Clock()
    settings = Settings.from_environ(os.environ, clock, _fetched)
    warm_up(settings.providers)

    from authorizer import edge, telemetry  # noqa: PLC0415 - see above

    telemetry.odd_settings(settings.notes)
    return edge.Authorizer(settings, clock)


def warm_up(providers: Providers, seconds: float = WARM_UP_SECONDS) -> None:
    """
    Fetch the keys of all *providers* at the same time, and wait for them for so many *seconds* at most.

    Meanwhile everything is loaded that is not needed to ask for keys.
    """
    ends = time.monotonic() + seconds
    fetches = [threading.Thread(target=provider.keys.warm_up, daemon=True) for provider in providers.all]
    for fetch in fetches:
        fetch.start()
    _load()
    for fetch in fetches:
        fetch.join(max(0.0, ends - time.monotonic()))


def _load() -> None:
    """Load cryptography and Powertools, and our own modules that use them."""
    from authorizer import edge, keys, telemetry  # noqa: F401, PLC0415 - see above

    telemetry.load()


def _fetched(provider: str, fetch: Fetch) -> None:
    from authorizer import telemetry  # noqa: PLC0415 - see above

    telemetry.fetched(provider, fetch)


def _trust_widened() -> None:
    from authorizer import telemetry  # noqa: PLC0415 - see above

    telemetry.trust_widened()


# In Lambda, the work is done at start: wrong settings stop it, and a start has more processor time than a request.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _authorizer()
    gc.freeze()  # what exists now stays, so the collector need never look through it
    gc.enable()
