"""A contact policy that is held against the one in force: whole, or the fields alone that are another."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from beforehand.errors import BeforehandError
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.policy_document import PolicyDocument

VERSION = "what-if"


class InvalidWhatIfError(BeforehandError):
    """A contact policy that was given to be rehearsed is none."""


def what_if(given: Mapping[str, Any], in_force: ContactPolicy) -> ContactPolicy:
    """The policy that is meant: what it leaves out is as in the one in force. Raises InvalidWhatIfError."""
    whole = {**PolicyDocument.of(in_force).model_dump(mode="json"), **given}
    try:
        return PolicyDocument.model_validate_json(json.dumps(whole)).policy(VERSION)
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'policy'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_input=False)
        )
        raise InvalidWhatIfError(
            f"The contact policy cannot be rehearsed: {told}. "
            "`beforehand policy show --json` prints one to begin with"
        ) from None
