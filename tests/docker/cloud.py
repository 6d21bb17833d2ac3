"""AWS for functions in containers: the local stack's, at an address that containers reach."""

from __future__ import annotations

import ipaddress
import json
import secrets
import subprocess
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Self

from botocore.config import Config
from werkzeug.test import Client

from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import REGION, deploy
from local.cloudformation.template import isolated_session
from local.http.bodies import BoundedBodies
from local.http.hosts import HostGuard
from local.http.server import Server
from local.issuer.issuer import AUDIENCE, JWKS, Issuer
from local.stack import TEMPLATE, WEB_DEMO_ORIGIN
from tests.tokens import hmac_signer

if TYPE_CHECKING:
    from collections.abc import Mapping

ISSUER = "http://127.0.0.1:3001"
"""A name only: nobody listens there, and a container would look for it in itself."""


class Cloud:
    """
    Moto with template.yaml deployed, listening to containers from the moment it is made until it is closed.

    Two providers are set up: an issuer whose keys are given inline, and an application that shares a secret.
    """

    def __init__(self) -> None:
        with ExitStack() as started:
            self._endpoint = started.enter_context(closing(AwsEndpoint()))
            listens_at, self.host = addresses()
            guarded = HostGuard(BoundedBodies(self._endpoint))
            self.server = started.enter_context(closing(Server(guarded, host=listens_at)))
            self._issuer = Issuer(ISSUER)
            self._secret = secrets.token_bytes(64)
            self._deployment = deploy(TEMPLATE, self._parameters())
            self._endpoint.roles.update(self._deployment.roles)
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def token(self, **claims: Any) -> str:
        """Return a token of the issuer's for Ada Lovelace, or with other *claims*."""
        return self._issuer.token({"sub": "ada", "name": "Ada Lovelace", **claims})

    def shared_secret_token(self, claims: Mapping[str, Any]) -> str:
        """Return a token that the application with the shared secret signs."""
        return hmac_signer(self._secret).token(claims)

    def credentials(self, function: str) -> dict[str, str]:
        """Return the environment variables with the credentials that *function* has in Lambda."""
        given = self._endpoint.credentials(self._deployment.functions[function].role)
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
            "AWS_DEFAULT_REGION": REGION,
        }

    def settings(self, function: str) -> dict[str, str]:
        """Return the environment variables that the template gives to *function*, and where AWS is."""
        declared = self._deployment.functions[function].environment
        return {**declared, "AWS_ENDPOINT_URL": f"http://{self.host}:{self.server.port}"}

    def _parameters(self) -> dict[str, str]:
        owner = self._endpoint.admin_credentials()
        session: Any = isolated_session(REGION)

        def client(service: str) -> Any:
            return session.client(
                service,
                endpoint_url=self.server.url,
                aws_access_key_id=owner["AccessKeyId"],
                aws_secret_access_key=owner["SecretAccessKey"],
                config=Config(proxies={}),
            )

        with closing(client("chime-sdk-identity")) as identity, closing(client("secretsmanager")) as manager:
            app_instance = identity.create_app_instance(Name="docker", ClientRequestToken="docker")
            secret = manager.create_secret(Name="docker", SecretBinary=self._secret)
        by_key_set = {
            "name": "local",
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "jwks": self._key_set(),
            "keep_subject": True,
        }
        by_secret = {"name": "shared", "preset": "shared-secret", "secret_arn": secret["ARN"]}
        return {
            "ChimeAppInstanceArn": app_instance["AppInstanceArn"],
            "Providers": json.dumps([by_key_set, by_secret]),
            "SharedSecretArn": secret["ARN"],
            "AllowedOrigins": WEB_DEMO_ORIGIN,
            "Meetings": "open",
        }

    def _key_set(self) -> Any:
        return Client(self._issuer).get(JWKS).get_json()


def addresses() -> tuple[str, str]:
    """Return where to listen, and the name under which containers find that."""
    if sys.platform != "linux":
        # Docker runs in a virtual machine there, and this name leads to the loopback of its host.
        return "127.0.0.1", "host.docker.internal"
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    network = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # Docker names the gateway only if it was configured; it is the first address.
    gateway = network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"]).hosts()))
    return gateway, gateway
