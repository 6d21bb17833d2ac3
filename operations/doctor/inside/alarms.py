"""Look at the alarms: which of them are in alarm, and whether anybody is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.doctor.places import Inside

LINK = re.compile(r"docs/\S+")
PENDING = "PendingConfirmation"
LONGEST = 200


@check("alarms", "inside", "Which alarms are in alarm, and whether they are told at all.")
def _alarms(inside: Inside) -> Iterator[Finding]:
    names = {name: logical_id for logical_id, name in inside.resources.items() if logical_id.endswith("Alarm")}
    if not names:
        return
    pages = inside.client("cloudwatch").get_paginator("describe_alarms")
    found = [
        alarm
        for page in pages.paginate(AlarmNames=list(names), AlarmTypes=["MetricAlarm"])
        for alarm in page["MetricAlarms"]
    ]
    gone = [logical_id for name, logical_id in names.items() if name not in {each["AlarmName"] for each in found}]
    findings = [finding for alarm in found for finding in _alarm(alarm, names[alarm["AlarmName"]])]
    if gone:
        mend = (
            "They were deleted by hand: make deploy after a change of LatencyAlarmMilliseconds, say, makes them anew."
        )
        findings.append(wrong(f"gone: {', '.join(gone)}", wanted="the alarms of the stack", mend=mend))
    yield from findings or [ok(f"none of {len(found)} is in alarm")]


@check("alarm mails", "inside", "Whether somebody gets the alarms.")
def _alarm_mails(inside: Inside) -> Iterator[Finding]:
    topic = inside.resources.get("AlarmTopic") or inside.stack.parameters.get("AlarmTopicArn", "")
    if not topic:
        return
    pages = inside.client("sns", topic.split(":")[3]).get_paginator("list_subscriptions_by_topic")
    found = [each["SubscriptionArn"] for page in pages.paginate(TopicArn=topic) for each in page["Subscriptions"]]
    waiting = sum(each == PENDING for each in found)
    if len(found) > waiting:
        yield ok(f"{len(found) - waiting} get them")
    elif waiting:
        mend = "Its owner confirms it by the link in the mail from AWS; the console can send that mail again."
        yield wrong("the address was not confirmed", wanted="a confirmed subscription", mend=mend)
    else:
        yield wrong(
            f"nobody is subscribed to {topic}", wanted="a subscription", mend=f"aws sns subscribe --topic-arn {topic}"
        )


def _alarm(alarm: Mapping[str, Any], logical_id: str) -> Iterator[Finding]:
    if alarm["StateValue"] == "ALARM":
        page = LINK.search(alarm.get("AlarmDescription", ""))
        since = f"{alarm['StateUpdatedTimestamp']:%Y-%m-%d %H:%M}"
        said = f"{logical_id} since {since}: {alarm.get('StateReason', '')[:LONGEST]}"
        yield wrong(
            said, wanted="OK", mend=f"{page[0] if page else 'docs/operating.md#alarms'} has the cause and the mend."
        )
    if not alarm.get("ActionsEnabled", True):
        mend = f"aws cloudwatch enable-alarm-actions --alarm-names {alarm['AlarmName']}"
        yield wrong(f"{logical_id} tells nobody: its actions are disabled", wanted="enabled", mend=mend)
