"""
Look at the shared secret: its versions and its key.

The secret itself is never read: whoever may read it may sign in as anybody. Whether its length and form are right, the
authorizer says at its first token (the checks `errors` and `metrics`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from operations.doctor.checks import check
from operations.doctor.finding import Finding, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.doctor.places import Inside

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
HOUR = 3600
"""For how many seconds a previous version is accepted, unless previous_secret_seconds says otherwise."""
ANOTHER = "aws secretsmanager create-secret makes one. Its ARN is SharedSecretArn, and secret_arn in Providers."
KEYS = ("SharedSecretKeyArn", "LogKeyArn")
MENDS = {"Disabled": "aws kms enable-key --key-id", "PendingDeletion": "aws kms cancel-key-deletion --key-id"}
"""By the state of a key."""


@check(
    "secret",
    "inside",
    "Whether the shared secret is there, under its whole ARN, and encrypted with the given key.",
)
def _secret(inside: Inside) -> Iterator[Finding]:
    arn = inside.stack.parameters.get("SharedSecretArn", "")
    if not arn:
        return
    secret = _described(inside, arn)
    if secret is None:
        yield wrong(f"there is no secret {arn}", wanted="the secret", mend=ANOTHER)
    elif "DeletedDate" in secret:
        mend = f"aws secretsmanager restore-secret --secret-id {arn}"
        yield wrong(f"{arn} is being deleted", wanted="a secret that stays", mend=mend)
    elif secret["ARN"] != arn:
        mend = "Write the whole ARN in SharedSecretArn, and as secret_arn in Providers."
        yield wrong(f"SharedSecretArn is {arn}", wanted=str(secret["ARN"]), mend=mend)
    else:
        yield from _encrypted(inside, secret)


@check("secret versions", "inside", "Whether the shared secret has a current version, and no rotation of it is stuck.")
def _versions(inside: Inside) -> Iterator[Finding]:
    arn = inside.stack.parameters.get("SharedSecretArn", "")
    secret = _described(inside, arn) if arn else None
    if secret is None:
        return  # if it is gone, the check `secret` says so
    labels = [set(stages) for stages in (secret.get("VersionIdsToStages") or {}).values()]
    now = datetime.fromtimestamp(inside.now(), UTC)
    found = [*_not_current(labels, arn), *_rotation(labels, secret, now, arn)]
    yield from found or [ok(_ages(labels, secret, now, _previous_seconds(inside, arn)))]


@check("kms keys", "inside", "Whether the keys of yours that encrypt the shared secret and the logs can be used.")
def _kms_keys(inside: Inside) -> Iterator[Finding]:
    for parameter in KEYS:
        arn = inside.stack.parameters.get(parameter, "")
        if not arn:
            continue
        state = inside.client("kms", arn.split(":")[3]).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        if state == "Enabled":
            yield ok(f"{parameter} is {state}")
        else:
            mend = f"{MENDS.get(state, 'See what AWS says of the state: aws kms describe-key --key-id')} {arn}"
            yield wrong(f"{parameter} is {state}", wanted="Enabled", mend=mend)


def _described(inside: Inside, arn: str) -> Mapping[str, Any] | None:
    """Return what Secrets Manager says of a secret, or None if there is no such secret."""
    client = inside.client("secretsmanager", arn.split(":")[3])
    try:
        described: Mapping[str, Any] = client.describe_secret(SecretId=arn)
    except client.exceptions.ResourceNotFoundException:
        return None
    return described


def _encrypted(inside: Inside, secret: Mapping[str, Any]) -> Iterator[Finding]:
    given, key = inside.stack.parameters.get("SharedSecretKeyArn", ""), str(secret.get("KmsKeyId") or "")
    own = "" if "alias/aws/" in key else key
    # AWS gives the key as it was given: its ARN, or its id alone.
    if bool(own) == bool(given) and given.endswith(own):
        yield ok(f"it is there, encrypted with {own or 'the key of AWS'}")
        return
    yield wrong(
        f"the secret is encrypted with {own or 'the key of AWS'}, and SharedSecretKeyArn is {given or 'empty'}",
        wanted="the key of the secret",
        mend="Write that key's ARN in SharedSecretKeyArn, or leave it out for the key of AWS; then make deploy.",
    )


def _not_current(labels: list[set[str]], arn: str) -> Iterator[Finding]:
    if not any(CURRENT in each for each in labels):
        mend = f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string file://…"
        yield wrong("no version of the secret is current", wanted=f"a version labelled {CURRENT}", mend=mend)


def _rotation(labels: list[set[str]], secret: Mapping[str, Any], now: datetime, arn: str) -> Iterator[Finding]:
    cancel = (
        f"Look at the log of the function that rotates it. aws secretsmanager cancel-rotate-secret --secret-id {arn}"
    )
    if any(PENDING in each and CURRENT not in each for each in labels):
        said = f"a rotation has begun and not ended: a version is labelled {PENDING}"
        yield wrong(said, wanted="a rotation that has ended, or none", mend=cancel)
    due = secret.get("NextRotationDate")
    if secret.get("RotationEnabled") and due is not None and due < now:
        yield wrong(f"its rotation was due on {_date(due)}", wanted="a rotation by then", mend=cancel)


def _ages(labels: list[set[str]], secret: Mapping[str, Any], now: datetime, seconds: int) -> str:
    changed = secret.get("LastChangedDate")
    said = f"it was changed {_date(changed)}" if changed else "AWS does not say when it was changed"
    if not any(PREVIOUS in each for each in labels) or changed is None:
        return said
    until = changed + timedelta(seconds=seconds)
    return (
        f"{said}; the previous version is accepted until {_date(until)} at the latest"
        if until > now
        else (f"{said}; its previous version is not accepted any more")
    )


def _previous_seconds(inside: Inside, arn: str) -> int:
    try:
        entries = json.loads(inside.stack.parameters.get("Providers") or "[]")
        given = [entry.get("previous_secret_seconds", HOUR) for entry in entries if entry.get("secret_arn") == arn]
        return int(given[0]) if given else HOUR
    except (AttributeError, TypeError, ValueError):
        return HOUR  # the check of the settings says what is wrong with Providers


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
