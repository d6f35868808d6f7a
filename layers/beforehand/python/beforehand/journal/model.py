"""A decision: what was decided about whom, why, by which rule, on which facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One entry of the journal. `facts` hold figures and labels, never a name, an address or a message.

    Two about the same are told apart by their run, or, where they belong to none, by their moment.
    """

    decided_at: datetime
    capability: str
    kind: str
    action: str
    because: str
    rule: str
    customer_id: str | None = None
    outreach_id: UUID | None = None
    run_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
