"""The edge: API Gateway's REQUEST event in, a policy out; an outage is an error of the function."""

from __future__ import annotations

import functools
import hashlib
import os
import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger

from authorizer.errors import KeysUnavailable, NoToken, Reason, TokenRefused
from authorizer.request import unverified_token
from authorizer.settings import Settings
from authorizer.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authorizer.claims import Caller

logger = Logger(service="authorizer", utc=True)


class Authorizer:
    """Decides one request at a time, by settings that were checked at start."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """Decide by *settings*, at the time that *clock* tells in seconds since the epoch."""
        self._settings = settings
        self._clock = clock

    def warm_up(self) -> None:
        """Get the keys of all providers; one that does not answer now is asked again with the first token."""
        for provider in self._settings.providers.all:
            provider.keys.warm_up()

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the policy for a REQUEST *event*: an Allow that names the caller, or a Deny that says why not.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

        Raises:
            Exception: With the text "Unauthorized" if there is no token: API Gateway's 401 without a reason.
            KeysUnavailable: The token cannot be judged now: API Gateway's AUTHORIZER_FAILURE, a 503.
        """
        token = ""
        try:
            token = unverified_token(event, accept_base64=self._settings.accept_base64)
            caller = verify(token, self._settings.providers, self._clock())
        except NoToken:
            logger.info("no token")
            raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway knows this text alone
        except TokenRefused as refused:
            logger.info("token refused", reason=refused.reason.code, token_sha256=_sha256(token))
            return _deny(event, refused.reason)
        except KeysUnavailable as error:
            logger.warning("keys unavailable", cause=str(error), token_sha256=_sha256(token))
            raise
        logger.info("token accepted", provider=caller.provider, token_sha256=_sha256(token))
        return _allow(event, caller)


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer API Gateway; see `Authorizer.decide`."""
    return _authorizer().decide(event)


@functools.cache
def _authorizer() -> Authorizer:
    authorizer = Authorizer(Settings.from_environ(os.environ, clock=time.time), clock=time.time)
    authorizer.warm_up()
    return authorizer


def _allow(event: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    context = {
        "provider": caller.provider,
        "scope": caller.id_scope,
        "plain": caller.plain,
        "subject": caller.subject,
        "name": caller.name,
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


def _sha256(token: str) -> str | None:
    """Name a token in logs without telling it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest() if token else None


# In Lambda, wrong settings stop the start, and keys are fetched while the start lends a whole processor.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _authorizer()
