"""Start everything, in order: the issuer, AWS, the deployment with its AppInstance, the functions, the API."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from local.api_gateway.app import Gateway
from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import Deployment, deploy
from local.http.bodies import BoundedBodies
from local.http.certificate import self_signed
from local.http.hosts import AWS_DOMAIN, HostGuard
from local.http.same_origin import SameOriginGuard, origin
from local.http.server import Server
from local.issuer.issuer import AUDIENCE, Issuer
from local.lambda_runtime.functions import Functions
from local.lambda_runtime.process import to_stderr
from local.page.homepage import Site

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from wsgiref.types import WSGIApplication

    from local.lambda_runtime.process import LogSink

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"
WEB_DEMO_ORIGIN = "https://localhost:9000"
"""Where the public Amazon Chime SDK web demo runs while it is developed."""


@dataclass(frozen=True)
class Ports:
    """Where to listen; 0 is any free port."""

    api: int = 0
    issuer: int = 0
    aws: int = 0


@dataclass(frozen=True)
class StackOptions:
    """
    What may differ from one stack to the next.

    *settings* replaces environment variables of the functions, *parameters* adds to the template's parameters that
    the stack gives itself or replaces them, *log* receives each line that the functions log.
    """

    template: Path = TEMPLATE
    ports: Ports = field(default_factory=Ports)
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    log: LogSink = to_stderr


class LocalStack:
    """
    The service on this machine, running from the moment it is made until it is closed. One at a time in a process.

    `urls` has the addresses under "api", "issuer" and "aws"; `functions` are there to be started ahead of the first
    request; `servers` (under the same names), `endpoint`, `issuer` and `deployment` are for tests.
    """

    def __init__(self, options: StackOptions | None = None) -> None:
        """
        Start.

        Raises:
            DeploymentError: The template cannot be deployed, or has no such parameter or setting.
            UnsupportedApiError: The API uses what `gateway` does not know.
            SystemExit: A port is taken.
        """
        with ExitStack() as started:
            self._start(started, options or StackOptions())
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything and free the ports."""
        self._started.close()

    def _start(self, started: ExitStack, options: StackOptions) -> None:
        site, self.issuer = Site(), Issuer()
        pages: list[str] = []
        # The addresses first: the deployment has to know them, and a taken port is found out at once.
        api = started.enter_context(closing(Server(_guarded(site, pages), port=options.ports.api)))
        pages += [origin(host, api.port) for host in ("127.0.0.1", "localhost")]
        issuer = _guarded(BoundedBodies(self.issuer), pages)
        tokens = started.enter_context(closing(Server(issuer, port=options.ports.issuer)))
        self.issuer.url = tokens.url
        self.endpoint = started.enter_context(closing(AwsEndpoint()))
        cloud = BoundedBodies(self.endpoint)
        services = _guarded(cloud, pages, AWS_DOMAIN)
        aws = started.enter_context(closing(Server(services, port=options.ports.aws, tls=self_signed())))
        self.servers = {"api": api, "issuer": tokens, "aws": aws}
        self.urls = {name: server.url for name, server in self.servers.items()}
        self.deployment = self._deploy(options, pages)
        self.functions = Functions(self.deployment.functions, self.endpoint.credentials, aws.url, options.log)
        started.enter_context(closing(self.functions))
        site.open(Gateway(self.deployment.api, self.functions.invoke), cloud, self.urls)

    def _deploy(self, options: StackOptions, pages: list[str]) -> Deployment:
        parameters = {
            "Providers": json.dumps([self._provider()]),
            "AllowedOrigins": ",".join([*pages, WEB_DEMO_ORIGIN]),
        }
        deployment = deploy(options.template, {**parameters, **options.parameters}).with_settings(options.settings)
        self.endpoint.roles.update(deployment.roles)
        return deployment

    def _provider(self) -> dict[str, Any]:
        return {"name": "local", "preset": "oidc", "issuer": self.issuer.url, "audience": AUDIENCE}


def _guarded(application: WSGIApplication, pages: Collection[str], domain: str | None = None) -> WSGIApplication:
    """Return what is served: *application*, for those who call this machine by its name, and mean to."""
    return HostGuard(SameOriginGuard(application, pages), domain)
