"""A small API, deployed and served like the real one, whose functions do what a request tells them."""

from __future__ import annotations

import http.client
import json
import textwrap
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.api_gateway.app import Gateway
from local.aws.endpoint import AwsEndpoint
from local.cloudformation.deployment import Deployment, deploy
from local.http.server import Server
from local.lambda_runtime.functions import Functions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Greeting: {Type: String, Default: hello}
      Extra: {Type: String, Default: ""}
    Conditions:
      HasExtra: !Not [!Equals [!Ref Extra, ""]]
    Globals:
      Function: {CodeUri: toys, Runtime: python3.13}
    Resources:
      Api:
        Type: AWS::Serverless::Api
        Properties:
          StageName: v1
          OpenApiVersion: 3.0.1
          BinaryMediaTypes: [image~1png]
          Auth:
            DefaultAuthorizer: Strict
            AddDefaultAuthorizerToCorsPreflight: false
            Authorizers:
              Strict:
                FunctionArn: !GetAtt Gate.Arn
                FunctionPayloadType: REQUEST
                Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
              Remembering:
                FunctionArn: !GetAtt Gate.Arn
                FunctionPayloadType: REQUEST
                Identity: {Headers: [Authorization], ReauthorizeEvery: 300}
          GatewayResponses:
            ACCESS_DENIED:
              StatusCode: 401
              ResponseParameters:
                Headers:
                  WWW-Authenticate: "'Bearer error=\\"invalid_token\\"'"
                  Access-Control-Allow-Origin: method.request.header.Origin
              ResponseTemplates:
                application/json: >-
                  {"why": "$context.authorizer.reason", "id": "$context.requestId", "no": "$context.authorizer.none"}
            DEFAULT_5XX:
              ResponseParameters: {Headers: {X-Failed: "'yes'"}}
      Gate:
        Type: AWS::Serverless::Function
        Properties: {Handler: toys.gate, Timeout: 2, Role: !GetAtt Role.Arn}
      Echo:
        Type: AWS::Serverless::Function
        Properties:
          Handler: toys.echo
          Role: !GetAtt Role.Arn
          Timeout: 2
          MemorySize: 256
          Environment: {Variables: {GREETING: !Ref Greeting, SIZE: 7, FLAG: true}}
          Events:
            Echo:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: /echo, Method: ANY}
            Item:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: "/items/{id}", Method: GET, Auth: {Authorizer: NONE}}
            Open:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: /open, Method: POST, Auth: {Authorizer: NONE}}
            Head:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: /open, Method: HEAD, Auth: {Authorizer: NONE}}
            Remembered:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: /remembered, Method: GET, Auth: {Authorizer: Remembering}}
      Busy:
        Type: AWS::Serverless::Function
        Properties:
          Handler: toys.echo
          Role: !GetAtt Role.Arn
          ReservedConcurrentExecutions: 0
          Events:
            Busy:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: /busy, Method: POST, Auth: {Authorizer: NONE}}
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      MayRead:
        Type: AWS::IAM::RolePolicy
        Properties:
          RoleName: !Ref Role
          PolicyName: Read
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: s3:GetObject, Resource: !GetAtt Role.Arn}]
      MayMore:
        Type: AWS::IAM::RolePolicy
        Condition: HasExtra
        Properties:
          RoleName: !Ref Role
          PolicyName: More
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !Ref Extra}]
"""

HANDLERS = '''
    """Each function does what the JSON in a header says: sleep, exit, raise, or return."""
    import json, os, time

    asked = 0

    def gate(event, context):
        global asked
        asked += 1
        order = json.loads(event["headers"].get("X-Gate", "{}"))
        if "return" in order:
            return obey(order)
        obey(order)
        resource = order.get("resource", event["methodArn"]).replace("$ARN", event["methodArn"])
        statement = {"Effect": order.get("effect", "Allow"), "Action": "execute-api:Invoke", "Resource": resource}
        also = order.get("context", {"event": json.dumps(event), "asked": asked})
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        return {"principalId": "me", "policyDocument": policy, "context": also}

    def echo(event, context):
        order = json.loads(event["headers"].get("X-Echo", "{}"))
        if order:
            return obey(order)
        return {"statusCode": 200, "body": json.dumps(event)}

    def obey(order):
        time.sleep(order.get("sleep", 0))
        if "exit" in order:
            os._exit(order["exit"])
        if "raise" in order:
            raise Exception(order["raise"])
        return order.get("return")
'''


@dataclass(frozen=True)
class Reply:
    """A response; names of *headers* are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """A client of the API."""

    url: str
    deployment: Deployment
    endpoint: AwsEndpoint
    log: list[bytes] = field(default_factory=list)

    def call(
        self, method: str, path: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"", **orders: Any
    ) -> Reply:
        """Send exactly these headers. `gate` and `echo` in *orders* tell the functions what to do."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        with closing(connection):
            connection.putrequest(method, path)
            for name, value in [*headers, *((f"X-{key.title()}", json.dumps(value)) for key, value in orders.items())]:
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read())


def write(folder: Path, template: str = TEMPLATE, handlers: str = HANDLERS) -> Path:
    """Write the toy's files into *folder* and return the template's path."""
    (folder / "toys").mkdir(exist_ok=True)
    (folder / "toys" / "toys.py").write_text(textwrap.dedent(handlers))
    path = folder / "template.yaml"
    path.write_text(textwrap.dedent(template))
    return path


def start(folder: Path, running: ExitStack) -> Client:
    """Deploy the toy, and serve it until *running* is closed, with functions that have all the time they need."""
    endpoint = running.enter_context(closing(AwsEndpoint()))
    deployment = deploy(write(folder), {})
    endpoint.roles.update(deployment.roles)
    return serve(endpoint, deployment, running, timeout=60)


def serve(endpoint: AwsEndpoint, deployment: Deployment, running: ExitStack, timeout: float) -> Client:
    """Serve a deployment until *running* is closed, with functions that have *timeout* seconds instead of their own."""
    log: list[bytes] = []
    patient = {name: replace(function, timeout=timeout) for name, function in deployment.functions.items()}
    functions = Functions(patient, endpoint.credentials, "http://127.0.0.1:9", log.append)
    running.enter_context(closing(functions))
    server = running.enter_context(closing(Server(Gateway(deployment.api, functions.invoke))))
    return Client(server.url, deployment, endpoint, log)
