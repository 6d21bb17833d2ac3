"""What can go wrong in a deployment."""


class DeploymentError(Exception):
    """The template cannot be deployed with these parameters or settings; the text says what to change."""
