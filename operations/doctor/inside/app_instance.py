"""Look at the AppInstance in Chime: whether it is there, where, who administers it, and what limits it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, skipped, unknown, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.doctor.places import Inside

REGIONS = ("us-east-1", "eu-central-1")
"""Where Chime has AppInstances: https://docs.aws.amazon.com/chime-sdk/latest/dg/sdk-available-regions.html"""
IDENTITY = "chime-sdk-identity"
QUOTAS = "chime"
"""Chime's code in Service Quotas [inferred from its signing name]."""
NEW = (
    "If it was deleted, its users and channels are gone: deploy with the ARN of another one in ChimeAppInstanceArn. "
    "aws chime-sdk-identity list-app-instances lists those that there are."
)


@check("app instance", "inside", "Whether the AppInstance is there, in a region of Chime, and in the stack's account.")
def _app_instance(inside: Inside) -> Iterator[Finding]:
    arn = inside.app_instance_arn
    if not arn:
        yield wrong(
            "the stack has none", wanted="one", mend="Its deployment has failed: the check stack state says why."
        )
        return
    _, _, _, region, account, _ = arn.split(":", 5)
    if region not in REGIONS:
        yield wrong(f"{arn} is in {region}", wanted=f"{' or '.join(REGIONS)}", mend="Chime has none elsewhere. " + NEW)
        return
    if account != inside.account:
        mend = f"The roles of a stack reach their own account alone: take an AppInstance of {inside.account}."
        yield wrong(f"{arn} is of account {account}", wanted=inside.account, mend=mend)
        return
    yield from _described(inside, arn, region)


@check("admins", "inside", "How many administrators the AppInstance has: each may do everything in every channel.")
def _admins(inside: Inside) -> Iterator[Finding]:
    arn = inside.app_instance_arn
    if not arn:
        return
    client = inside.client(IDENTITY, arn.split(":")[3])
    page = client.list_app_instance_admins(AppInstanceArn=arn)
    count = len(page["AppInstanceAdmins"])
    while page.get("NextToken"):
        page = client.list_app_instance_admins(AppInstanceArn=arn, NextToken=page["NextToken"])
        count += len(page["AppInstanceAdmins"])
    yield ok(f"{count or 'none'}, and sign-in needs none")


@check("chime quotas", "inside", "What Service Quotas says of AppInstances, where it lists Chime.")
def _quotas(inside: Inside) -> Iterator[Finding]:
    client = inside.client("service-quotas", (inside.app_instance_arn.split(":") + [""] * 4)[3])
    try:
        pages = list(client.get_paginator("list_service_quotas").paginate(ServiceCode=QUOTAS))
    except client.exceptions.NoSuchResourceException:
        yield skipped("Service Quotas does not list Chime here")
        return
    quotas: list[dict[str, Any]] = [each for page in pages for each in page["Quotas"]]
    about = [f"{each['QuotaName']}: {each['Value']:g}" for each in quotas if "AppInstance" in each["QuotaName"]]
    yield ok("; ".join(about)) if about else skipped("Service Quotas says nothing of AppInstances here")


def _described(inside: Inside, arn: str, region: str) -> Iterator[Finding]:
    client = inside.client(IDENTITY, region)
    try:
        client.describe_app_instance(AppInstanceArn=arn)
    except client.exceptions.NotFoundException:
        yield wrong(f"there is no {arn}", wanted="the AppInstance", mend=NEW)
    except client.exceptions.ForbiddenException:
        # Chime's answer for one that is missing, too.
        yield unknown(f"there is no {arn}, or whoever runs this may not call chime:DescribeAppInstance", mend=NEW)
    else:
        yield ok(f"{arn} is there")
