"""The edge: API Gateway's REQUEST event in, a policy out; an outage is an error of the function."""

from __future__ import annotations

import functools
import gc
import importlib
import os
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from authorizer import telemetry
from authorizer.clock import Clock
from authorizer.errors import CallerForbidden, KeysUnavailable, NoToken, Reason, TokenRefused
from authorizer.request import unverified_token
from authorizer.settings import AuthorizerSettings, log_level
from authorizer.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.claims import Caller

WARM_UP_SECONDS = 4.0
"""Of the ten that Lambda gives to a start."""


class Authorizer:
    """Decides one request at a time, by settings that were checked at start."""

    def __init__(self, settings: AuthorizerSettings, clock: Clock) -> None:
        """Decide by *settings*, at the time that *clock* tells."""
        self._settings = settings
        self._clock = clock

    def warm_up(self, seconds: float = WARM_UP_SECONDS) -> None:
        """
        Get all providers' keys at the same time; what takes longer than *seconds* is left to the first token.

        What is slow to load, and not needed to ask for keys, is loaded while the issuers answer.
        """
        providers = self._settings.providers.all
        executor = ThreadPoolExecutor(len(providers))
        fetches = [executor.submit(provider.keys.warm_up) for provider in providers]
        _load()
        wait(fetches, timeout=seconds)
        executor.shutdown(wait=False)

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the policy for a REQUEST *event*: an Allow that names the caller, or a Deny that says why not.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

        Raises:
            Exception: With the text "Unauthorized" if there is no token: API Gateway's 401 without a reason.
            KeysUnavailable: The token cannot be judged now: API Gateway's 503.
        """
        token = ""
        try:
            token = unverified_token(event, self._settings.max_token_length, accept_base64=self._settings.accept_base64)
            caller = verify(token, self._settings.providers, self._clock.wall_clock())
        except NoToken:
            telemetry.no_token()
            raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway knows this text alone
        except TokenRefused as refused:
            telemetry.refused(refused.reason, token)
            return _deny(event, refused.reason)
        except CallerForbidden as forbidden:
            telemetry.forbidden(forbidden.reason, token)
            # An Allow, because a Deny has one status, and that is 401: the handler answers 403.
            return _policy("Allow", event, "forbidden", {"forbidden": forbidden.reason.value})
        except KeysUnavailable as error:
            telemetry.unavailable(str(error), token)
            raise
        telemetry.accepted(caller.provider, token)
        return _allow(event, caller)


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway; see `Authorizer.decide`."""
    return _authorizer().decide(event)


@functools.cache
def _authorizer() -> Authorizer:
    telemetry.log_from(log_level(os.environ))
    clock = Clock()
    settings = AuthorizerSettings.from_environ(os.environ, clock, telemetry.fetched)
    telemetry.settings_read(settings.notes)
    authorizer = Authorizer(settings, clock)
    authorizer.warm_up()
    return authorizer


def _load() -> None:
    """Load cryptography and Powertools."""
    importlib.import_module("authorizer.keys")

    telemetry.load()


def _allow(event: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    context = {
        "provider": caller.provider,
        "namespace": caller.namespace,
        "keep_subject": caller.keep_subject,
        # The same two by their old names, because a gradual deployment (GRADUAL=1) puts this authorizer in front of
        # the handler of before, which reads no others. They go with the first release.
        "scope": caller.namespace,
        "plain": caller.keep_subject,
        "subject": caller.subject,
        "name": caller.name,
        "role": caller.role,
        "expires": caller.expires,
    }
    return _policy("Allow", event, caller.provider, context)


def _deny(event: Mapping[str, Any], reason: Reason) -> dict[str, Any]:
    return _policy("Deny", event, "refused", {"reason": reason.code, "description": reason.description})


def _policy(effect: str, event: Mapping[str, Any], principal: str, context: dict[str, Any]) -> dict[str, Any]:
    """The principal is never a user: API Gateway may write it into logs."""
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


# In Lambda, wrong settings stop the start, and keys are fetched while the start lends a whole processor.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _authorizer()
    gc.freeze()  # what is here now is not looked through later, either
    gc.enable()
