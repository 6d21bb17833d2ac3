"""template.yaml: addresses, WAF, logs, alarms, the dashboard, and what outlives the stack."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local.stack import TEMPLATE
from signin.errors import Rejected
from signin.signed_in import METRICS
from tests.translated import ALTERNATIVES, EVERYTHING, LEAST, Translated, source

OPERATING = (TEMPLATE.parent / "docs" / "operating.md").read_text()
STEPS = re.compile(r'timed(?:\(|, )"(\w+)"|^ +(\w+)=lambda: ', re.MULTILINE)
PARAMETERS: dict[str, dict[str, Any]] = source()["Parameters"]


def test_access_log_holds_nothing_of_the_client_and_no_name() -> None:
    line = json.loads(Translated(EVERYTHING).of("Apiv1Stage")["AccessLogSetting"]["Format"])

    assert set(line.values()) == {
        *("$context.requestId", "$context.requestTime", "$context.httpMethod", "$context.resourcePath"),
        *("$context.status", "$context.error.responseType", "$context.responseLatency"),
        *("$context.authorizer.status", "$context.authorizer.latency", "$context.authorizer.requestId"),
        *("$context.authorizer.reason", "$context.integration.status", "$context.integration.latency"),
        *("$context.integration.requestId", "$context.extendedRequestId"),
    }


def test_access_log_tells_requests_apart_whatever_id_the_client_chose() -> None:
    # A client may send any UUID as X-Amzn-RequestId, the same one each time; nobody can choose the extended id:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html
    line = json.loads(Translated(EVERYTHING).of("Apiv1Stage")["AccessLogSetting"]["Format"])

    assert line["extendedRequestId"] == "$context.extendedRequestId"


@pytest.mark.parametrize(
    ("parameters", "switched_off"),
    [pytest.param(LEAST, False, id="without a domain"), pytest.param(EVERYTHING, True, id="with a domain")],
)
def test_a_domain_is_the_only_address(parameters: dict[str, str], *, switched_off: bool) -> None:
    api = Translated(parameters).of("Api")

    (server,) = api["Body"]["servers"]
    assert server["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"] is switched_off


def test_domain_accepts_no_old_tls() -> None:
    assert Translated(EVERYTHING).of("Domain")["SecurityPolicy"] == "TLS_1_2"


def test_an_app_instance_outlives_the_stack() -> None:
    made = Translated(LEAST).resources("AWS::Chime::AppInstance")["AppInstance"]

    # As Retain, but for a stack whose creation failed.
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert not Translated(ALTERNATIVES).resources("AWS::Chime::AppInstance")


def test_the_account_s_role_for_logs_outlives_the_stack_but_not_a_deployment_that_fails() -> None:
    there = Translated(EVERYTHING).resources()

    kept = {there[name]["DeletionPolicy"] for name in ("ApiGatewayAccount", "ApiGatewayLogRole")}
    assert kept == {"RetainExceptOnCreate"}
    assert "ApiGatewayAccount" not in Translated(ALTERNATIVES).resources()


def test_other_sources_are_blocked() -> None:
    acl = Translated({**LEAST, "AllowedSourceRanges": "192.0.2.0/24"}).of("WebAcl")

    assert acl["DefaultAction"] == {"Block": {}}
    assert [(rule["Name"], rule["Action"]) for rule in acl["Rules"]] == [("KnownSources", {"Allow": {}})]
    assert "CustomResponseBodies" not in acl


def test_too_many_requests_from_one_address_are_throttled_and_those_of_others_are_not() -> None:
    acl = Translated({**LEAST, "RequestsPerAddress": "100"}).of("WebAcl")
    [rule] = acl["Rules"]
    [rate] = rule["Statement"].values()
    answer = rule["Action"]["Block"]["CustomResponse"]
    headers = {one["Name"]: one["Value"] for one in answer["ResponseHeaders"]}
    body = acl["CustomResponseBodies"][answer["CustomResponseBodyKey"]]

    assert acl["DefaultAction"] == {"Allow": {}}
    assert rate == {"AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": {"Ref": "RequestsPerAddress"}}
    assert answer["ResponseCode"] == 429
    assert headers == {
        "Retry-After": "60",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Retry-After",
        "Cache-Control": "no-store",
    }
    assert body["ContentType"] == "APPLICATION_JSON"
    assert json.loads(body["Content"])["error"] == "throttled"
    assert set(json.loads(body["Content"])) == {"error", "error_description"}


def test_known_sources_are_counted_too() -> None:
    rules = Translated(EVERYTHING).of("WebAcl")["Rules"]

    assert [rule["Name"] for rule in sorted(rules, key=lambda rule: rule["Priority"])] == [
        "TooManyFromOneAddress",
        "KnownSources",
    ]


def test_there_is_one_web_acl_before_the_api() -> None:
    assert Translated(EVERYTHING).of("WebAclAssociation")["WebACLArn"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    assert Translated(ALTERNATIVES).of("WebAclAssociation")["WebACLArn"] == {"Ref": "WebAclArn"}
    assert "WebAclAssociation" not in Translated(LEAST).resources()


def test_no_request_is_kept_as_a_sample() -> None:
    acl = Translated(EVERYTHING).of("WebAcl")

    # They hold whole requests, tokens included.
    assert not any(one["VisibilityConfig"]["SampledRequestsEnabled"] for one in [acl, *acl["Rules"]])


@pytest.mark.parametrize(
    ("text", "fits"),
    [("", True), ("10", True), ("99999999", True), ("9", False), ("0", False), ("010", False), ("1e3", False)],
)
def test_limit_for_one_address_is_one_that_waf_takes(text: str, *, fits: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["RequestsPerAddress"]["AllowedPattern"], text)) is fits


ALARMS = list(Translated(EVERYTHING).resources("AWS::CloudWatch::Alarm"))
OF_LAMBDA = {"level", "type", "record.status", "errorType", "errorMessage", "record.metrics.initDurationMs"}
"""Fields that Lambda and its runtime write. Source: AWS, "Lambda telemetry API", and the logs of awslambdaric."""
OF_POWERTOOLS = {"message", "@message", "@timestamp"}
"""Powertools' field, and those that CloudWatch adds."""
OF_QUERIES = {
    *("filter", "stats", "fields", "sort", "count", "pct", "by", "bin", "or", "and", "in", "like", "m", "ispresent"),
    *("as", "desc", "rooms"),
}


def section_of(alarm: str) -> str:
    """Return what docs/operating.md says of an alarm, by the anchor in its description."""
    anchor = Translated(EVERYTHING).of(alarm)["AlarmDescription"].rpartition("docs/operating.md#")[2]
    sections = OPERATING.partition("\n## Alarms\n")[2].partition("\n## ")[0].split("\n### ")[1:]
    [found] = [section for section in sections if section.partition("\n")[0].lower() == anchor]
    return found


def queries(text: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def logged_fields() -> set[str]:
    """Return the fields of the access log, and all names that the functions' code gives to something."""
    access = json.loads(Translated(EVERYTHING).of("Apiv1Stage")["AccessLogSetting"]["Format"])
    code = "".join(path.read_text() for path in (TEMPLATE.parent / "signin_function").glob("*/*.py"))
    steps = {f"milliseconds.{one or other}" for one, other in STEPS.findall(code)}
    return {*access, *re.findall(r'"([a-z_0-9]+)"', code), *re.findall(r"([a-z_0-9]+)=", code), *steps}


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_leads_to_what_it_means_one_query_and_the_mend(name: str) -> None:
    section = section_of(name)
    parts = [section.find(part) for part in ("**Means.** ", "**Query**, in the ", "```\n", "**Mend.**")]

    assert parts == sorted(parts)
    assert parts[0] > 0
    assert len(queries(section)) == 1
    assert section.partition("**Mend.**")[2].count("\n- ") >= 1


@pytest.mark.parametrize("query", queries(OPERATING.partition("\n## Under attack\n")[0]))
def test_query_asks_for_fields_that_are_logged(query: str) -> None:
    bare = re.sub(r'^#.*$|"[^"]*"|/[^/]*/', "", query, flags=re.MULTILINE)
    asked = {word.removesuffix(".0") for word in re.findall(r"@?[A-Za-z_][A-Za-z0-9_.]*", bare)}

    assert asked - OF_QUERIES - OF_LAMBDA - OF_POWERTOOLS <= logged_fields()


def test_no_query_counts_a_failed_fetch_of_keys_as_a_failed_sign_in() -> None:
    # The line of the metric KeyFetch has the outcome "failed", too, because that is a dimension; but it has no kind.
    asked = OPERATING.count('outcome = "failed"')

    assert asked == OPERATING.count('outcome = "failed" and ispresent(kind)') == 2


def test_query_of_rejected_asks_for_every_kind_that_is_counted() -> None:
    [query] = queries(section_of("RejectedAlarm"))

    own = [kind for kind in Rejected.__subclasses__() if kind.__module__ == Rejected.__module__]  # and none of rooms
    kinds: list[type[Rejected]] = [Rejected, *own]
    assert set(re.findall(r'"(\w+)"', query)) == {kind.__name__ for kind in kinds}


@pytest.mark.parametrize(
    ("parameters", "widgets", "ours"),
    [
        pytest.param({}, 7, {"SignIns", "Failures", "TokenRefused", "TotalMilliseconds"}, id="without rooms"),
        pytest.param({"Meetings": "open"}, 9, {"SignIns", "Failures", "Joins", "RoomsOpened"}, id="with rooms"),
    ],
)
def test_dashboard_is_json_of_metrics_that_there_are(parameters: dict[str, str], widgets: int, ours: set[str]) -> None:
    text = dashboard({**LEAST, "Dashboard": "true", **parameters})
    body = json.loads(text)
    named = re.findall(r'"\$\{MetricsNamespace\}", "([A-Za-z]+)"|MetricName=\\"([A-Za-z]+)|"\.", "([A-Z]\w+)"', text)
    names = {name for each in named for name in each if name}

    assert len(body["widgets"]) == widgets
    assert names >= ours
    assert names <= counted() | measured() | {"Errors", "Throttles", "4XXError", "5XXError"}


@pytest.mark.parametrize("meetings", ["none", "hosted"])
def test_widgets_of_the_dashboard_lie_side_by_side(meetings: str) -> None:
    widgets = json.loads(dashboard({**LEAST, "Dashboard": "true", "Meetings": meetings}))["widgets"]
    taken = [
        (left, top)
        for one in widgets
        for left in range(one["x"], one["x"] + one["width"])
        for top in range(one["y"], one["y"] + one["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(left for left, _ in taken) == 23


def dashboard(parameters: dict[str, str]) -> str:
    """Return the dashboard's text, with the rows that other parameters add and with AWS's names left in it."""
    text, variables = Translated(parameters).of("Overview")["DashboardBody"]["Fn::Sub"]
    row = variables["RoomsRow"]
    return str(text).replace("${RoomsRow}", row["Fn::Sub"] if row else "")


def test_the_costs_count_every_metric_of_the_alarms() -> None:
    # Of metric math CloudWatch charges each metric that is looked at; of a query, each that it finds.
    without, with_rooms = (alarm_metrics({**EVERYTHING, "Meetings": value}) for value in ("none", "open"))
    counts = [len([metric for metric in each if "MetricStat" in metric]) for each in (without, with_rooms)]

    assert "({} in all, {} with meetings,".format(*counts) in " ".join(OPERATING.split())
    assert len([metric for metric in with_rooms if "SELECT" in json.dumps(metric)]) == 1


def alarm_metrics(parameters: dict[str, str]) -> list[dict[str, Any]]:
    translated = Translated(parameters)
    alarms = [translated.of(name) for name in translated.resources("AWS::CloudWatch::Alarm")]
    return [metric for alarm in alarms for metric in alarm.get("Metrics", [{"MetricStat": alarm.get("MetricName")}])]


def counted() -> set[str]:
    """Return the names of the metrics that the code counts, as it is written."""
    code = {path: path.read_text() for path in (TEMPLATE.parent / "signin_function").glob("*/*.py")}
    in_telemetry = {
        name
        for path, text in code.items()
        if path.name == "telemetry.py"
        for name in re.findall(r'(?<!get\()"([A-Z][A-Za-z]+)"', text)
    }
    given_to_it = {name for text in code.values() for name in re.findall(r'\{"([A-Z][A-Za-z]+)": 1\}', text)}
    yielded = {
        name
        for text in code.values()
        for line in re.findall(r'yield (".*)', text)
        for name in re.findall(r'"([A-Z][A-Za-z]+)"', line)
    }
    return (in_telemetry | given_to_it | yielded | set(METRICS.values())) - {"ChimeSignin"}


def measured() -> set[str]:
    """Return the names of the metrics that say how long a step took."""
    code = [path.read_text() for path in (TEMPLATE.parent / "signin_function").glob("*/*.py")]
    steps = {one or other for text in code for one, other in STEPS.findall(text)}
    return {f"{step.capitalize()}Milliseconds" for step in steps}


def test_operating_names_every_metric_and_no_other() -> None:
    section = OPERATING.partition("\n## Metrics")[2].partition("\n## ")[0]
    rows = "".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))

    assert set(re.findall(r"`([A-Za-z]+)`", rows)) == counted() | measured()
