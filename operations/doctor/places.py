"""What a check is given: where to call, and what to ask AWS with."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from operations.cloudformation import resources
from operations.samconfig import SAMCONFIG, environment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3

    from operations.cloudformation import DeployedStack
    from operations.samconfig import Environment
    from operations.template import Template

READS = re.compile(r"(Describe|Get|List|Simulate)[A-Za-z]+|StartQuery")
"""The operations of AWS that the checks may call; all of them have the access level List or Read, a test proves."""
NEVER_READ = ("GetSecretValue",)


@dataclass(frozen=True)
class Outside:
    """
    What can be looked at without AWS credentials.

    *url* is where users sign in (output SigninUrl), or empty if that is not known. *origin* is the origin of the page
    that is to call there, or empty. *values* are the parameters of the deployment, those of CloudFormation or, where it
    cannot be asked, those of the answers file. *token* is a user's, or empty. *now* gives seconds since the epoch.
    A call may take *call_seconds*: a cold start takes several. `judged` holds the judgement of the token, once there
    is one, because several checks want it; `one_at_a_time` guards it.
    """

    url: str
    origin: str
    values: Mapping[str, str]
    template: Template
    now: Callable[[], float]
    token: str = field(default="", repr=False)
    call_seconds: float = 8.0
    judged: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)


class Inside:
    """
    What is asked of AWS, about one stack.

    `stack` says what is deployed, with its `parameters` and `outputs`; `region` and `account` are the stack's. `now`
    gives seconds since the epoch. `outside` is what the other checks are given, with the token, if there is any.
    """

    def __init__(
        self,
        session: boto3.Session,
        stack: DeployedStack,
        template: Template,
        now: Callable[[], float],
        outside: Outside | None = None,
    ) -> None:
        """Take the operator's credentials, which *session* has."""
        self.session = session
        self.stack = stack
        self.template = template
        self.now = now
        self.outside = outside
        self.samconfig = SAMCONFIG
        self.region = stack.region
        self.account = stack.account
        self._clients: dict[tuple[str, str], Any] = {}
        self._one_at_a_time = threading.Lock()
        self._resources: Mapping[str, str] | None = None
        self._looking_up = threading.Lock()

    def client(self, service: str, region: str = "") -> Any:
        """Return the boto3 client of a *service*, in the stack's region or in *region*. Any thread may ask."""
        with self._one_at_a_time:  # boto3's sessions are not for several threads; its clients are
            place = (service, region or self.region)
            if place not in self._clients:
                maker: Any = self.session
                self._clients[place] = maker.client(service, region_name=place[1])
                self._clients[place].meta.events.register("before-call", _check_only_reads)
            return self._clients[place]

    @property
    def environment(self) -> Environment | None:
        """The environment of samconfig.toml that has this stack; None if there is none."""
        return environment_of(self.stack.name, self.samconfig)

    @property
    def resources(self) -> Mapping[str, str]:
        """The physical ids of the stack's resources, by their logical ids. CloudFormation is asked for them once."""
        with self._looking_up:
            if self._resources is None:
                self._resources = resources(self.client("cloudformation"), self.stack.id)
            return self._resources

    @property
    def app_instance_arn(self) -> str:
        """The AppInstance whose users sign in, the stack's own or the one that it was given; empty without one."""
        given = self.stack.outputs.get("AppInstanceArn") or self.stack.parameters.get("ChimeAppInstanceArn")
        return given or self.resources.get("AppInstance", "")

    @property
    def list_arn(self) -> str:
        """The ARN of the parameter with the list of revoked users."""
        partition, name = self.stack.id.split(":")[1], self.stack.list_name
        return f"arn:{partition}:ssm:{self.region}:{self.account}:parameter{name}"

    def role_arn(self, logical_id: str) -> str:
        """Return the ARN of a role that the stack has made; empty if there is none."""
        name = self.resources.get(logical_id)
        partition = self.stack.id.split(":")[1]
        return f"arn:{partition}:iam::{self.account}:role/{name}" if name else ""


def _check_only_reads(model: Any, **_: Any) -> None:
    """
    Stop a call that would change something, or that would read a secret.

    Raises:
        RuntimeError: It is one.
    """
    if not READS.fullmatch(model.name) or model.name in NEVER_READ:
        raise RuntimeError(f"{model.name} is no operation that only looks")
