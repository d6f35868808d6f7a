"""Findings of the security rules that we live with, each with its reason; any other finding fails the synthesis."""

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(scope: IConstruct, rule: str, reason: str) -> None:
    """Excuses one finding in everything below `scope`."""
    cdk.Validations.of(scope).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))
