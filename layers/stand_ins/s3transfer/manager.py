"""The one class at which boto3 looks when it is imported."""


class TransferConfig:
    """boto3/compat.py asks whether it has an UNSET_DEFAULT, which is about S3 alone. It has none."""
