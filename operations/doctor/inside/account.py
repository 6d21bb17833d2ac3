"""Look at what the account has for all stacks: API Gateway's role for logs and its limits, Chime's role for push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operations import push, readiness
from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Inside

SET_LOG_ROLE = (
    "aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value={}, with a role "
)
NO_LOG_ROLE = SET_LOG_ROLE.format("ROLE") + (
    "that apigateway.amazonaws.com may assume; or deploy with AccessLog: on-with-account-role, which makes one."
)
LOST_LOG_ROLE = SET_LOG_ROLE + (
    "that apigateway.amazonaws.com may assume, if this one of the stack is gone. A deployment does not set it again."
)


@check("log role", "inside", "With an access log: whether API Gateway has the role of the account to write it with.")
def _log_role(inside: Inside) -> Iterator[Finding]:
    access_log = inside.stack.parameters.get("AccessLog") or inside.template.default("AccessLog")
    if access_log == "off":
        return
    arn = str(inside.client("apigateway").get_account().get("cloudwatchRoleArn") or "")
    if not arn:
        yield wrong(
            f"AccessLog is {access_log}, and the account has no role for it",
            wanted="a role",
            mend=_mend(inside, access_log),
        )
        return
    iam = inside.client("iam")
    try:
        iam.get_role(RoleName=arn.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        yield wrong(
            f"API Gateway writes logs by {arn}, which was deleted", wanted="a role", mend=_mend(inside, access_log)
        )
        return
    problem = readiness.log_role_problem(access_log, arn, inside.stack.name)
    if problem:
        yield wrong(f"API Gateway writes logs by {arn}", wanted="the role of this stack", mend=problem)
    else:
        yield ok(f"API Gateway writes logs by {arn}")


def _mend(inside: Inside, access_log: str) -> str:
    return NO_LOG_ROLE if access_log == "on" else LOST_LOG_ROLE.format(inside.role_arn("ApiGatewayLogRole") or "ROLE")


@check("api limits", "inside", "Whether the account lets API Gateway answer as many requests as ThrottlingRate does.")
def _api_limits(inside: Inside) -> Iterator[Finding]:
    limits = inside.client("apigateway").get_account()["throttleSettings"]
    for parameter, limit in (("ThrottlingRate", "rateLimit"), ("ThrottlingBurst", "burstLimit")):
        given = float(inside.stack.parameters.get(parameter) or inside.template.default(parameter))
        if given <= float(limits[limit]):
            yield ok(f"{parameter} is {given:g}, and the account's limit {limits[limit]:g}")
        else:
            yield wrong(
                f"the account's {limit} for all its APIs is {limits[limit]:g}",
                wanted=f"{given:g}, which is {parameter}",
                mend="Ask AWS for more (Service Quotas, Amazon API Gateway, Throttle rate), or lower the parameter.",
            )


@check(
    "push role", "inside", "With push notifications: whether Chime has the role, and the application is in its region."
)
def _push_role(inside: Inside) -> Iterator[Finding]:
    app = inside.stack.push_app_arn
    if not app:
        return
    region = inside.app_instance_arn.split(":")[3]
    if app.split(":")[3] != region:
        mend = f"Take an application of AWS End User Messaging Push in {region}, for PushNotificationsAppArn."
        yield wrong(f"the application is in {app.split(':')[3]}", wanted=f"{region}, as the AppInstance", mend=mend)
    clients: Any = inside  # of a session, the role needs no more than its clients
    found = push.PushRole(clients).read()
    unlike = push.differences(found, app) if found else []
    for difference in unlike:
        yield wrong(
            f"{push.NAME}: {difference.removeprefix('- ')}", wanted="as make push-role makes it", mend=push.ONLY_BY_HAND
        )
    if found is None or push.name(app) not in found.policies:
        what = "has no policy for this application" if found else "is not there"
        yield wrong(
            f"the role {push.NAME} {what}",
            wanted=f"mobiletargeting:SendMessages on {app}/messages",
            mend="make push-role",
        )
    elif not unlike:
        yield ok(f"{push.NAME} may send through {app.rpartition('/')[2]}")
