"""The gate as a replay asks it: by the version of the policy that counted then, and by the laws known now."""

from beforehand.adapters.postgres import Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts import Inputs
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import Verdict
from beforehand.outreach.gate.replay import Gate
from beforehand.outreach.policies_store import PostgresPolicies


def by_policies(transaction: Transaction) -> Gate:
    """A gate that decides by the policies of this database."""
    policies = PostgresPolicies(transaction)

    def gate(inputs: Inputs) -> Verdict | None:
        try:
            policy = policies.get(inputs.policy_version).policy
        except NotFoundError:
            return None
        return decide(
            inputs.person,
            inputs.planned,
            inputs.history,
            policy,
            shipped(),
            as_of=inputs.as_of,
            margin=inputs.margin,
        )

    return gate
