"""Look at the stack in CloudFormation: its state, its outputs, and whether its parameters are those of today."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from operations import answers, readiness
from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.doctor.places import Inside

UNDONE = "UPDATE_ROLLBACK_COMPLETE"
FAILURES_SHOWN = 3
LONGEST = 200
"""In characters, of what AWS says or a parameter holds."""
MAIL = re.compile(r"[\w.+-]+@[\w.-]+")
STACK_TYPE = "AWS::CloudFormation::Stack"
CANCELLED = "Resource creation cancelled"
"""What a resource says that failed only because another one did."""


@check("stack state", "inside", "Whether the last deployment went through, and what failed in it.")
def _stack(inside: Inside) -> Iterator[Finding]:
    client = inside.client("cloudformation")
    status = str(client.describe_stacks(StackName=inside.stack.id)["Stacks"][0]["StackStatus"])
    mend = readiness.stack_problem(status, inside.stack.name, _environment(inside))
    if status == UNDONE:
        mend = "Correct what failed, and make deploy again; until then the deployment before that one is served."
    if not mend:
        yield ok(f"{inside.stack.name} is {status}")
        return
    events = client.describe_stack_events(StackName=inside.stack.id)["StackEvents"]
    causes = "; ".join(failures(events))
    yield wrong(
        f"{status}{f', because of {causes}' if causes else ''}", wanted="CREATE_COMPLETE or UPDATE_COMPLETE", mend=mend
    )


@check("outputs", "inside", "Whether the stack has the outputs that the template gives it.")
def _outputs(inside: Inside) -> Iterator[Finding]:
    missing = [name for name in inside.template.outputs(inside.stack.parameters) if name not in inside.stack.outputs]
    if not missing:
        yield ok(f"all {len(inside.stack.outputs)} are there")
        return
    yield wrong(
        f"without {', '.join(missing)}",
        wanted="the outputs of template.yaml",
        mend=f"make deploy ENV={_environment(inside)}: its template is older, or its deployment has failed.",
    )


@check("defaults", "inside", "Parameters that have a default of an older template.")
def _defaults(inside: Inside) -> Iterator[Finding]:
    deployed = inside.stack.parameters
    summary = inside.client("cloudformation").get_template_summary(StackName=inside.stack.id)
    before = {each["ParameterKey"]: each.get("DefaultValue", "") for each in summary["Parameters"]}
    changed = [
        name
        for name, value in deployed.items()
        if name in inside.template.parameters and value == before.get(name) and value != inside.template.default(name)
    ]
    for name in changed:
        yield wrong(
            f"{name} is {_shown(deployed[name])}, the default when it was deployed",
            wanted=f"{_shown(inside.template.default(name))}, the default of today",
            # Plain sam deploy sends UsePreviousValue for each parameter that its file does not name.
            mend=f"make deploy ENV={_environment(inside)}: it sends today's defaults. Plain sam deploy keeps old ones.",
        )
    if not changed:
        yield ok("each parameter that was left out has the default of today")


@check("answers", "inside", "Whether what is deployed is what the environment's file of answers says.")
def _answers(inside: Inside) -> Iterator[Finding]:
    environment = inside.environment
    if environment is None or environment.answers is None or not environment.answers.exists():
        return
    said = answers.read(environment.answers).values
    differing = list(_differing(inside, said))
    for name, wanted in differing:
        where = "says" if name in said else "does not name it, and the default is"
        yield wrong(
            f"{name} is {_shown(inside.stack.parameters.get(name, 'not there'))}",
            wanted=f"{_shown(wanted)}: {_file(inside)} {where} that",
            mend=f"make deploy ENV={environment.name}",
        )
    if not differing:
        yield ok(f"as {_file(inside)} says")


def failures(events: list[dict[str, Any]]) -> list[str]:
    """Return which resources failed in the last deployment of the *events*, which are newest first, and why."""
    last = []
    for event in events:
        if event["ResourceType"] == STACK_TYPE and event.get("ResourceStatusReason") == "User Initiated":
            break
        last.append(event)
    failed = [
        each for each in last if each["ResourceStatus"].endswith("_FAILED") and each["ResourceType"] != STACK_TYPE
    ]
    causes = [each for each in failed if not each.get("ResourceStatusReason", "").startswith(CANCELLED)]
    # The oldest are the causes; what failed later often failed because of them.
    return [
        f"{each['LogicalResourceId']} ({_shown(each.get('ResourceStatusReason', 'no reason given'))})"
        for each in causes[::-1]
    ][:FAILURES_SHOWN]


def _differing(inside: Inside, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield parameters that would have another value, if what the file says and the defaults were deployed."""
    for name in inside.template.parameters:
        wanted = said.get(name, inside.template.default(name))
        if name in inside.stack.parameters and inside.stack.parameters[name] != wanted:
            yield name, wanted


def _shown(text: str) -> str:
    """Return a text in short, without e-mail addresses; an empty one by a word."""
    cut = MAIL.sub("(an e-mail address)", " ".join(text.split()))
    return (cut if len(cut) <= LONGEST else f"{cut[:LONGEST]}…") or "empty"


def _environment(inside: Inside) -> str:
    environment = inside.environment
    return environment.name if environment else "NAME"


def _file(inside: Inside) -> str:
    return f"environments/{_environment(inside)}.yaml"
