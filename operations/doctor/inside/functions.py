"""Look at the functions in Lambda: whether they run as they were deployed, and how many copies may run at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong
from operations.doctor.inside.rooms import has_rooms
from operations.functions import OF_AUTHORIZER, OF_HANDLER, OF_ROOMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.doctor.places import Inside

ROOMS = "RoomsFunction"
FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "AuthorizerFunction": OF_AUTHORIZER,
    "SigninFunction": OF_HANDLER,
    ROOMS: OF_ROOMS,
}
"""By logical id: variables, and the parameters that template.yaml fills them with. A stack may have no rooms."""
ENOUGH = 100
"""Copies of functions that may run at once. New accounts may have 10, which five sign-ins at once use up."""
MORE = "Ask AWS for more: Service Quotas, AWS Lambda, Concurrent executions."
LONGEST = 60


@check("functions", "inside", "Whether Lambda can run the functions, with the settings that were deployed.")
def _functions(inside: Inside) -> Iterator[Finding]:
    for logical_id, variables in _deployed(inside).items():
        name = inside.resources.get(logical_id, "")
        found = inside.client("lambda").get_function_configuration(FunctionName=name)
        wanted = {name: inside.stack.parameters.get(of, inside.template.default(of)) for name, of in variables.items()}
        if logical_id == "SigninFunction":
            wanted |= {
                "USER_ROLE_ARN": inside.stack.own_role_arn or "",
                "GUEST_ROLE_ARN": inside.stack.guest_role_arn or "",
                "CHIME_APP_INSTANCE_ARN": inside.app_instance_arn,
            }
        if logical_id == ROOMS:
            wanted |= {
                "ROOMS_TABLE": inside.resources.get("RoomsTable", ""),
                "STACK_ID": inside.stack.id,
                "CHIME_APP_INSTANCE_ARN": inside.app_instance_arn,
            }
        findings = [*_state(name, found), *_changed(name, found.get("Environment", {}).get("Variables", {}), wanted)]
        yield from findings or [ok(f"{name} is {found['State']}, as deployed")]


@check("concurrency", "inside", "How many copies of the functions may run at once.")
def _concurrency(inside: Inside) -> Iterator[Finding]:
    client = inside.client("lambda")
    limit = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < ENOUGH:
        yield wrong(
            f"{limit} copies of all functions of the account may run at once", wanted=f"{ENOUGH} or more", mend=MORE
        )
    else:
        yield ok(f"{limit} copies of all functions of the account may run at once")
    wanted = int(inside.stack.parameters.get("ReservedConcurrency") or 0)
    for logical_id in _deployed(inside):
        name = inside.resources.get(logical_id, "")
        reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        if (reserved is None and not wanted) or reserved == wanted != 0:
            continue
        shown = "none are" if reserved is None else f"{reserved} are"
        yield wrong(
            f"{shown} reserved for {name}{', so that it never runs' if reserved == 0 else ''}",
            wanted=f"{wanted or 'no'} reservation, as ReservedConcurrency says",
            mend=_reservation(name, wanted),
        )


def _deployed(inside: Inside) -> Mapping[str, Mapping[str, str]]:
    """Return those of `FUNCTIONS` that the parameters ask for."""
    return {name: variables for name, variables in FUNCTIONS.items() if name != ROOMS or has_rooms(inside)}


def _state(name: str, found: Mapping[str, Any]) -> Iterator[Finding]:
    for key, good, why in (
        ("State", "Active", "StateReason"),
        ("LastUpdateStatus", "Successful", "LastUpdateStatusReason"),
    ):
        state = found.get(key, good)
        if state != good:
            mend = "Wait if it is pending; else make deploy, or look at the function's page in the console."
            yield wrong(f"{name} is {state}: {found.get(why, 'no reason given')}", wanted=good, mend=mend)


def _changed(name: str, variables: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Finding]:
    """Yield which variables somebody has changed. Their values are not shown where they are long."""
    for variable, value in wanted.items():
        found = variables.get(variable)
        # A list's members may have spaces around them in a parameter, and have none in a variable.
        if found == value or found == re.sub(r"\s*,\s*", ",", value):
            continue
        yield wrong(
            f"{variable} of {name} is {_shown(found)}",
            wanted=f"{_shown(value)}, as deployed",
            mend="Change the parameter and make deploy; what was changed in the console is lost some day.",
        )


def _shown(value: str | None) -> str:
    if value is None:
        return "not set"
    return "something else, which is long" if len(value) > LONGEST else value or "empty"


def _reservation(name: str, wanted: int) -> str:
    if wanted:
        return f"aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions {wanted}"
    return f"aws lambda delete-function-concurrency --function-name {name}"
