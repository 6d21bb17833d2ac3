"""The edge: API Gateway's REQUEST event in, a policy out. An outage raises, so that API Gateway answers 503."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authorizer import telemetry
from authorizer.errors import CallerForbidden, KeysUnavailable, NoToken, Reason, TokenRefused
from authorizer.request import unverified_token
from authorizer.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authorizer.claims import Caller
    from authorizer.clock import Clock
    from authorizer.settings import Settings


class Authorizer:
    """Decides about requests by settings that were checked at start."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Take the *settings*, and the *clock* by which tokens expire."""
        self._settings = settings
        self._clock = clock

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the policy for a REQUEST *event*: an Allow that names the caller, or a Deny with the reason.

        A caller who is forbidden gets an Allow without a user: a Deny would be a 401, and the handler answers 403.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html

        Raises:
            Exception: With the text "Unauthorized", if there is no token: API Gateway answers 401 without a reason.
            KeysUnavailable: The token cannot be judged now: API Gateway answers 503.
        """
        token, request_id = "", _request_id(event)
        try:
            token = unverified_token(event, self._settings.max_token_length, accept_base64=self._settings.accept_base64)
            caller = verify(token, self._settings.providers, self._clock.wall_clock())
        except NoToken:
            telemetry.no_token(request_id)
            raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway answers 401 to this text only
        except TokenRefused as refused:
            telemetry.refused(refused, token, self._settings.providers, request_id)
            return _deny(event, refused.reason)
        except CallerForbidden as forbidden:
            telemetry.forbidden(forbidden, token, request_id)
            return _policy("Allow", event, "forbidden", {"forbidden": forbidden.reason.value})
        except KeysUnavailable as error:
            telemetry.unavailable(error, token, request_id)
            raise
        telemetry.accepted(caller.provider, token, request_id)
        return _allow(event, caller)


def _request_id(event: Mapping[str, Any]) -> str:
    context = event.get("requestContext")
    return str(context.get("requestId", "")) if isinstance(context, dict) else ""


def _allow(event: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    context = {
        "provider": caller.provider,
        "namespace": caller.namespace,
        "keep_subject": caller.keep_subject,
        # The same two under their old names, because during a gradual deployment (GRADUAL=1) the old handler still
        # answers, and it reads no other names. They go with the first release.
        "scope": caller.namespace,
        "plain": caller.keep_subject,
        "subject": caller.subject,
        "name": caller.name,
        "role": caller.role,
        "expires": caller.expires,
    }
    if caller.guest:
        # During a gradual deployment the old handler may answer. It knows no guests, and would open a user's session:
        # without a role it answers 500 instead.
        del context["role"]
    return _policy("Allow", event, caller.provider, context | _of_rooms_and_guests(caller))


def _of_rooms_and_guests(caller: Caller) -> dict[str, Any]:
    """Return what the caller may do in rooms, and whether they are a guest. What does not apply is left out."""
    members = {"rooms": caller.rooms, "host": caller.host, "listens": caller.listens, "guest": caller.guest}
    return {name: value for name, value in members.items() if value}


def _deny(event: Mapping[str, Any], reason: Reason) -> dict[str, Any]:
    return _policy("Deny", event, "refused", {"reason": reason.code, "description": reason.description})


def _policy(effect: str, event: Mapping[str, Any], principal: str, context: dict[str, Any]) -> dict[str, Any]:
    """Return a policy. The *principal* must not name a user, because API Gateway may write it into logs."""
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }
