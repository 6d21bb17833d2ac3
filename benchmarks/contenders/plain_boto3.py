"""The original's way in Python, with boto3 as it comes: one call after the other, and nothing verified."""

import json
import os
from typing import Any

import boto3

sts = boto3.client("sts")
chime = boto3.client("chime-sdk-identity")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a role's session for the user, then make the user. The event is believed."""
    caller = event["requestContext"]["authorizer"]
    credentials = sts.assume_role(
        RoleArn=os.environ["USER_ROLE_ARN"],
        RoleSessionName=f"chime_{caller['subject']}",
        DurationSeconds=int(os.environ["SESSION_SECONDS"]),
        Tags=[{"Key": "UserUUID", "Value": caller["subject"]}],
    )["Credentials"]
    user = chime.create_app_instance_user(
        AppInstanceArn=os.environ["CHIME_APP_INSTANCE_ARN"],
        AppInstanceUserId=caller["subject"],
        ClientRequestToken=f"chime_{caller['subject']}",
        Name=caller["name"],
    )
    body = {"ChimeAppInstanceUserArn": user["AppInstanceUserArn"], "ChimeCredentials": credentials}
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body, default=str),
    }


def assume_role(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Do the first half alone: what boto3 needs for a call of STS."""
    subject = event["requestContext"]["authorizer"]["subject"]
    tags: Any = [{"Key": "UserUUID", "Value": subject}]
    answer = sts.assume_role(RoleArn=os.environ["USER_ROLE_ARN"], RoleSessionName=f"chime_{subject}", Tags=tags)
    return {"statusCode": 200, "body": json.dumps(answer, default=str)}


def describe_user(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Ask for the user alone: what boto3 needs for a call of Chime."""
    subject = event["requestContext"]["authorizer"]["subject"]
    arn = f"{os.environ['CHIME_APP_INSTANCE_ARN']}/user/{subject}"
    answer = chime.describe_app_instance_user(AppInstanceUserArn=arn)
    return {"statusCode": 200, "body": json.dumps(answer, default=str)}
