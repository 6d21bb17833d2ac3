"""Start everything, in order: the issuer, AWS, the deployment with its AppInstance, the functions, the API."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from local.api_gateway.app import Gateway
from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import REGION, Deployment, deploy
from local.http.bodies import BoundedBodies
from local.http.certificate import kept, self_signed
from local.http.hosts import AWS_DOMAINS, BUCKET_DOMAIN, HostGuard
from local.http.local_pages import LocalPages
from local.http.same_origin import SameOriginGuard, origin
from local.http.server import Server
from local.issuer.issuer import AUDIENCE, JWKS, Issuer
from local.lambda_runtime.functions import Functions
from local.lambda_runtime.process import to_stderr
from local.page.homepage import Site
from local.playing import PlayedAnswers, play_answers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from wsgiref.types import WSGIApplication

    from local.http.local_pages import TellOrigin
    from local.lambda_runtime.process import LogSink

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"
GUESTS = "/guests"
"""What the issuer of invitations has after the address of the local issuer."""
WEB_DEMO_ORIGIN = "https://localhost:9000"
"""The origin of the public Amazon Chime SDK web demo when it is run on a developer's machine."""


@dataclass(frozen=True)
class Ports:
    """The ports to listen on; 0 is any free port."""

    api: int = 0
    issuer: int = 0
    aws: int = 0


@dataclass(frozen=True)
class StackOptions:
    """
    The options of a local stack.

    *settings* replaces environment variables of the functions. *parameters* are parameters of the template, in addition
    to those that the stack sets, or in place of them. *log* receives each line of the functions' logs and of the access
    log. *answers* are the parameters of a deployment: its providers are played here, and the stack has none of its own.
    *certificate* is the file in which the certificate of AWS's port is kept; without one it is made anew. *tell* is
    called once for each origin that is neither listed nor the stack's own: with it, and whether its page may read
    answers here.
    """

    template: Path = TEMPLATE
    ports: Ports = field(default_factory=Ports)
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    log: LogSink = to_stderr
    answers: Mapping[str, str] | None = None
    certificate: Path | None = None
    tell: TellOrigin = lambda *_: None


class LocalStack:
    """
    The whole service on this machine, from construction to `close`. There may be one at a time in a process.

    `urls` holds the addresses of "api", "issuer" and "aws". `notes` tells what differs from the answers. `functions`
    can be started before the first request. `servers` (with the same keys), `endpoint`, `issuer` and `deployment` are
    for tests.
    """

    def __init__(self, options: StackOptions | None = None) -> None:
        """
        Start.

        Raises:
            DeploymentError: The template cannot be deployed, or a parameter or setting is unknown or wrong.
            AnswersError: The answers have no providers, or name a secret that the authorizer could not read.
            UnsupportedApiError: The API uses a feature that `api_gateway` does not emulate.
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
        # The servers first, because the deployment needs their addresses and a taken port should be found at once.
        api_server = started.enter_context(closing(Server(_guarded(site, pages), port=options.ports.api)))
        pages += [origin(host, api_server.port) for host in ("127.0.0.1", "localhost")]
        issuer = _guarded(BoundedBodies(self.issuer), pages)
        issuer_server = started.enter_context(closing(Server(issuer, port=options.ports.issuer)))
        self.issuer.url = issuer_server.url
        self.endpoint = started.enter_context(closing(AwsEndpoint()))
        endpoint = BoundedBodies(self.endpoint)
        aws = _guarded(endpoint, pages, (*AWS_DOMAINS, BUCKET_DOMAIN))
        tls = kept(options.certificate) if options.certificate else self_signed()
        aws_server = started.enter_context(closing(Server(aws, port=options.ports.aws, tls=tls)))
        self.servers = {"api": api_server, "issuer": issuer_server, "aws": aws_server}
        self.urls = {name: server.url for name, server in self.servers.items()}
        self.deployment = self._deploy(options, pages)
        self.functions = Functions(self.deployment.functions, self.endpoint.credentials, aws_server.url, options.log)
        started.enter_context(closing(self.functions))
        gateway = LocalPages(Gateway(self.deployment.api, self.functions.invoke, options.log), pages, options.tell)
        guests = options.answers is None and "GuestRole" in self.deployment.roles
        site.open(gateway, endpoint, self.urls, rooms=self._holds_calls_in_rooms(), guests=guests)

    def _holds_calls_in_rooms(self) -> bool:
        has_rooms = any(route.path.startswith("/meetings/") for route in self.deployment.api.routes)
        return has_rooms and find_spec("aiortc") is not None

    def _deploy(self, options: StackOptions, pages: list[str]) -> Deployment:
        played = self._played(options.answers, invites=options.parameters.get("Guests") == "true")
        self.notes = played.notes
        parameters = {**played.parameters, **options.parameters}
        listed = filter(None, [parameters.get("AllowedOrigins"), *pages, WEB_DEMO_ORIGIN])
        parameters["AllowedOrigins"] = ",".join(listed)
        deployment = deploy(options.template, parameters, self.urls["api"]).with_settings(options.settings)
        self.endpoint.roles.update(deployment.roles)
        return deployment

    def _played(self, answers: Mapping[str, str] | None, *, invites: bool) -> PlayedAnswers:
        if answers is None:
            providers = [self._provider(), *([self._guests()] if invites else [])]
            return PlayedAnswers({"Providers": json.dumps(providers)}, [], [])
        played = play_answers(answers, self.issuer.url, partial(self.endpoint.create_secret, region=REGION))
        self.issuer.providers = played.providers
        for provider in played.providers:
            self.issuer.publish(provider.algorithm)
        return played

    def _provider(self) -> dict[str, Any]:
        provider = {"name": "local", "preset": "oidc", "issuer": self.issuer.url, "audience": AUDIENCE}
        return provider | {"roles_claim": "roles", "host_roles": ["host"], "listen_only_roles": ["listener"]}

    def _guests(self) -> dict[str, Any]:
        """Return the provider of guests: whoever asks the issuer for a token with this `iss` is invited."""
        issuer = {"issuer": self.issuer.url + GUESTS, "jwks_uri": self.issuer.url + JWKS, "audience": AUDIENCE}
        return {"name": "guests", "guests": True, **issuer, "max_lifetime_seconds": 86400, "rooms_claim": "rooms"}


def _guarded(application: WSGIApplication, pages: Collection[str], domains: tuple[str, ...] = ()) -> WSGIApplication:
    """Return *application* behind the guards against DNS rebinding and against pages of other origins."""
    return HostGuard(SameOriginGuard(application, pages), domains)
