"""Each misconfiguration inside AWS that the local AWS does not play: from answers recorded from AWS's documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.identities import ACCOUNT
from local.cloudformation.deployment import REGION
from operations.doctor.finding import Verdict
from tests.recorded_aws import RECORDED, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.doctor.conftest import Patient

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC).timestamp()
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd"


@pytest.fixture
def stack(patient: Patient) -> Patient:
    patient.deploy()
    patient.now = lambda: NOW
    return patient


def rows(*found: Mapping[str, str]) -> dict[str, Any]:
    results = [[{"field": name, "value": value} for name, value in row.items()] for row in found]
    return {"status": "Complete", "results": results}


def series(label: str, *values: float) -> dict[str, Any]:
    return {
        "Id": label.partition(" ")[0],
        "Label": label,
        "Values": list(values),
        "Timestamps": [],
        "StatusCode": "Complete",
    }


def test_each_recorded_answer_names_the_page_that_it_is_from() -> None:
    files = [json.loads(path.read_text()) for path in RECORDED.glob("*.json")]

    assert files
    assert {each["recorded_from"] for each in files} == {"documentation, not from AWS"}
    assert all(each["source"].startswith("https://docs.aws.amazon.com/") for each in files)


def test_nothing_is_wrong_where_nothing_was_recorded_as_wrong(stack: Patient) -> None:
    found = stack.look("errors", "metrics", "throttles", "latency", "concurrency", "chime quotas")

    assert [each for each in found if each.verdict is not Verdict.OK] == []
    assert any("12 signed in" in each.found and "token_expired 3" in each.found for each in found)
    assert any(each.found == "AppInstanceUsers per AppInstance: 100000" for each in found)


# ── What failed, by reason ───────────────────────────────────────────────────────────────────────────

HANDLER = f"{ACCOUNT}:/aws/lambda/local-signin"
AUTHORIZER = f"{ACCOUNT}:/aws/lambda/local-authorizer"
TIMES = {"times": "4", "last": "2026-11-26 02:59:00.000"}


@pytest.mark.parametrize(
    ("row", "said", "mend"),
    [
        pytest.param(
            {
                "@log": HANDLER,
                "kind": "Rejected",
                "code": "AccessDenied",
                "operation": "AssumeRole",
                "outcome": "failed",
            },
            "/aws/lambda/local-signin: kind Rejected, code AccessDenied, operation AssumeRole, 4 times",
            "docs/operating.md#rejected",
            id="AWS rejects",
        ),
        pytest.param(
            {"@log": HANDLER, "kind": "KeyError", "outcome": "failed"}, "kind KeyError, 4", "A mistake of", id="ours"
        ),
        pytest.param(
            {"@log": HANDLER, "record.status": "timeout"},
            "record.status timeout",
            "docs/operating.md#latency",
            id="slow",
        ),
        pytest.param(
            {"@log": AUTHORIZER, "cause": "it answers 500"}, "cause it answers 500", "#keysunavailable", id="no keys"
        ),
        pytest.param(
            {"@log": AUTHORIZER, "errorType": "Runtime.ExitError"}, "Runtime.ExitError", "cannot start", id="no start"
        ),
    ],
)
def test_failure_in_the_logs_is_told_with_its_reason(stack: Patient, row: Any, said: str, mend: str) -> None:
    stack.recorded.answers["logs", "GetQueryResults"] = rows({**row, **TIMES})

    [finding] = stack.wrong("errors")

    assert said in finding.found
    assert mend in finding.mend


def test_query_of_the_logs_is_waited_for_and_reads_the_last_hour_without_any_message(stack: Patient) -> None:
    running = iter([{"status": "Scheduled", "results": []}, {"status": "Running", "results": []}])
    stack.recorded.answers["logs", "GetQueryResults"] = lambda _: next(running, rows())

    assert [each.verdict for each in stack.look("errors")] == [Verdict.OK]

    [query] = [parameters for _, operation, parameters in stack.recorded.calls if operation == "StartQuery"]
    assert (query["endTime"], query["startTime"]) == (int(NOW), int(NOW) - 3600)
    assert query["logGroupNames"] == ["/aws/lambda/local-authorizer", "/aws/lambda/local-signin"]
    shown = query["queryString"].partition("stats ")[2]
    assert "message" not in shown
    assert "errorMessage" not in shown


@pytest.mark.parametrize(
    ("results", "said", "mend"),
    [
        pytest.param(
            [series("signins", 5.0), series("failures Rejected", 2.0, 1.0)], "3 sign-ins failed: Rejected", "#rejected",
            id="rejected",
        ),
        pytest.param(
            [series("signins", 5.0), series("failures KeyError", 1.0)], "1 sign-ins failed: KeyError", "A mistake of",
            id="a mistake of ours",
        ),
        pytest.param(
            [series("refused wrong_audience", 9.0)], "nobody signed in, and tokens were refused: wrong_audience 9",
            "TOKEN_FILE=", id="all are refused",
        ),
        pytest.param(
            [series("signins", 5.0), series("refused bad_signature", 60.0, 60.0)],
            "tokens were refused: bad_signature 120", "#refusedtokens", id="more than usual",
        ),
        pytest.param([series("signins", 5.0), series("nokeys", 2.0)], "2 tokens could not be verified",
                     "#keysunavailable", id="no keys"),
    ],
)  # fmt: skip
def test_failure_in_the_metrics_is_told_with_its_reason(stack: Patient, results: Any, said: str, mend: str) -> None:
    stack.recorded.answers["cloudwatch", "GetMetricData"] = {"MetricDataResults": results}

    [finding] = stack.wrong("metrics")

    assert said in finding.found
    assert mend in finding.mend


def test_metrics_of_the_stack_s_own_namespace_are_asked_for(stack: Patient) -> None:
    stack.look("metrics")

    [(_, _, asked)] = [call for call in stack.recorded.calls if call[1] == "GetMetricData"]
    by_id = {query["Id"]: query for query in asked["MetricDataQueries"]}
    assert by_id["signins"]["MetricStat"]["Metric"]["Namespace"] == "ChimeSignin"
    assert by_id["refused"]["Expression"] == (
        "SEARCH('{ChimeSignin,service,reason} MetricName=\"TokenRefused\"', 'Sum', 300)"
    )
    assert by_id["refused"]["Label"] == "refused ${PROP('Dim.reason')}"


def test_throttled_function_is_told(stack: Patient) -> None:
    name = stack.inside().resources["SigninFunction"]
    stack.recorded.answers["cloudwatch", "GetMetricData"] = {"MetricDataResults": [series(name, 3.0)]}

    [finding] = stack.wrong("throttles")

    assert (finding.found, "#throttles" in finding.mend) == (f"{name}: 3 calls were throttled", True)


def test_slow_and_failing_answers_are_told(stack: Patient) -> None:
    results = [series("answers", 10.0), series("failed", 2.0), series("slowest", 900.0, 4200.0)]
    stack.recorded.answers["cloudwatch", "GetMetricData"] = {"MetricDataResults": results}

    failed, slow = stack.wrong("latency")

    assert (failed.found, "#servererrors" in failed.mend) == ("2 of 10 requests got a 5xx", True)
    assert (slow.found, "#latency" in slow.mend) == ("one request in a hundred took 4200 ms or longer", True)


@pytest.mark.parametrize(
    ("detail", "by"),
    [
        pytest.param(
            {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}},
            "the role's permissions boundary does not allow it", id="a boundary",
        ),
        pytest.param(
            {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}},
            "the organisation's policies do not allow it", id="the organisation",
        ),
    ],
)  # fmt: skip
def test_what_forbids_it_beside_the_role_s_own_policies_is_told(
    stack: Patient, monkeypatch: pytest.MonkeyPatch, detail: Any, by: str
) -> None:
    own = f"{stack.inside().app_instance_arn}/user/doctor-somebody"
    # As IAM answered before 2026: a result for each resource.
    result = {"EvalActionName": "chime:Connect", "EvalResourceName": own, "EvalDecision": "implicitDeny", **detail}
    stack.recorded.answers["iam", "SimulatePrincipalPolicy"] = {"EvaluationResults": [result], "IsTruncated": False}
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", stack.recorded_url)

    found = [each.found for each in stack.wrong("user roles")]

    assert any(f"chime:Connect on {own} is not allowed ({by})" in each for each in found)
    assert any("chime:SendChannelMessage" in each and "IAM has not said" in each for each in found)


# ── Functions and limits ─────────────────────────────────────────────────────────────────────────────


def configurations(stack: Patient, **changes: Any) -> None:
    """Have Lambda answer that the functions are as deployed, with *changes* to each."""
    inside = stack.inside()
    environments = {
        inside.resources["AuthorizerFunction"]: {
            "PROVIDERS": inside.stack.parameters["Providers"], "ACCEPT_BASE64_TOKENS": "false", "LONGEST_TOKEN": "8192",
            "POWERTOOLS_LOG_LEVEL": "INFO", "METRICS_NAMESPACE": "ChimeSignin",
        },
        inside.resources["SigninFunction"]: {
            "SESSION_SECONDS": "3600", "SESSION_ENDS_WITH_TOKEN": "false", "SOURCE_IDENTITY": "false",
            "USER_ROLE_ARNS": "", "ALLOWED_ORIGINS": "", "USER_ROLE_ARN": inside.stack.own_role_arn,
            "GUEST_ROLE_ARN": inside.stack.guest_role_arn or "", "GUEST_DAYS": "30",
            "CHIME_APP_INSTANCE_ARN": inside.app_instance_arn,
        },
        inside.resources.get("RoomsFunction"): {
            "MEETINGS": inside.stack.parameters.get("Meetings"), "MEETING_OPTIONS": "", "ALLOWED_ORIGINS": "",
            "GUESTS": "false",
            "ROOMS_TABLE": inside.resources.get("RoomsTable"), "STACK_ID": inside.stack.id,
            "CHIME_APP_INSTANCE_ARN": inside.app_instance_arn,
        },
    }  # fmt: skip

    def answer(path: str) -> dict[str, Any]:
        name = path.split("/")[3]
        variables = {"Variables": environments[name] | changes.get("variables", {})}
        told = {"FunctionName": name, "State": "Active", "LastUpdateStatus": "Successful", "Environment": variables}
        return told | {key: value for key, value in changes.items() if key != "variables"}

    stack.recorded.answers["lambda", "GetFunctionConfiguration"] = answer


def test_functions_that_are_as_deployed_are_well(stack: Patient) -> None:
    configurations(stack)

    assert [each.verdict for each in stack.look("functions")] == [Verdict.OK, Verdict.OK]


def test_function_of_rooms_is_looked_at_where_there_is_one(patient: Patient) -> None:
    patient.deploy(Meetings="hosted")
    configurations(patient)
    assert [each.verdict for each in patient.look("functions")] == [Verdict.OK] * 3

    configurations(patient, variables={"MEETINGS": "open"})

    [finding] = patient.wrong("functions")
    assert finding.found.startswith("MEETINGS of local-RoomsFunction-")
    assert finding.wanted == "hosted, as deployed"


def test_variable_that_was_changed_in_the_console_is_found(stack: Patient) -> None:
    configurations(stack, variables={"SESSION_SECONDS": "60", "LONGEST_TOKEN": "8192"})

    [finding] = stack.wrong("functions")

    assert finding.found.startswith("SESSION_SECONDS of local-SigninFunction-")
    assert (finding.wanted, "make deploy" in finding.mend) == ("3600, as deployed", True)


def test_function_that_lambda_cannot_run_is_found(stack: Patient) -> None:
    configurations(stack, State="Inactive", StateReason="The function is creating.")

    assert [each.found.partition(" ")[2] for each in stack.wrong("functions")] == [
        "is Inactive: The function is creating.",
        "is Inactive: The function is creating.",
    ]


def test_account_with_a_small_limit_is_found(stack: Patient) -> None:
    stack.recorded.answers["lambda", "GetAccountSettings"] = {"AccountLimit": {"ConcurrentExecutions": 10}}

    [finding] = stack.wrong("concurrency")

    assert finding.found.startswith("10 copies")
    assert "Service Quotas" in finding.mend


def test_function_that_somebody_has_switched_off_is_found(stack: Patient) -> None:
    stack.recorded.answers["lambda", "GetFunctionConcurrency"] = {"ReservedConcurrentExecutions": 0}

    found = stack.wrong("concurrency")

    assert len(found) == 2
    assert all("so that it never runs" in each.found for each in found)
    assert all(each.mend.startswith("aws lambda delete-function-concurrency --function-name local-") for each in found)


def test_key_that_cannot_be_used_is_found(patient: Patient) -> None:
    patient.deploy(LogKeyArn=KEY)
    described = patient.recorded.answers["kms", "DescribeKey"]["KeyMetadata"]
    assert patient.wrong("kms keys") == []

    patient.recorded.answers["kms", "DescribeKey"] = {"KeyMetadata": {**described, "KeyState": "PendingDeletion"}}

    [finding] = patient.wrong("kms keys")
    assert (finding.found, finding.mend) == (
        "LogKeyArn is PendingDeletion", f"aws kms cancel-key-deletion --key-id {KEY}"
    )  # fmt: skip


def test_quotas_that_are_not_listed_are_no_failure(stack: Patient) -> None:
    stack.recorded.answers["service-quotas", "ListServiceQuotas"] = Refusal("NoSuchResourceException", "No chime.", 400)

    assert [each.verdict for each in stack.look("chime quotas")] == [Verdict.SKIPPED]


# ── Who may not look ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("service", "operation", "check", "action"),
    [
        pytest.param("cloudwatch", "GetMetricData", "metrics", "cloudwatch:GetMetricData", id="metrics"),
        pytest.param("logs", "StartQuery", "errors", "logs:StartQuery", id="logs"),
        pytest.param("lambda", "GetAccountSettings", "concurrency", "lambda:GetAccountSettings", id="Lambda"),
    ],
)
def test_permission_that_is_missing_is_named(
    stack: Patient, service: str, operation: str, check: str, action: str
) -> None:
    said = f"User: arn:aws:iam::{ACCOUNT}:user/eve is not authorized to perform: {action} because no policy allows it"
    stack.recorded.answers[service, operation] = Refusal("AccessDeniedException", said, 400)

    [finding] = stack.look(check)

    assert (finding.verdict, finding.found) == (Verdict.UNKNOWN, f"whoever runs this may not call {action}")
    assert "docs/permissions.md" in finding.mend
