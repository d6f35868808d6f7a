"""The gate as a replay asks it: by the version of the policy that counted then, and by the laws known now."""

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts import Inputs
from beforehand.outreach.gate.legal_files import known_laws
from beforehand.outreach.gate.model import Verdict
from beforehand.outreach.gate.replay import Gate
from beforehand.outreach.policy import ContactPolicy


def by_policies(transaction: Transaction) -> Gate:
    """A gate that decides by the policies of this database."""

    def gate(inputs: Inputs) -> Verdict | None:
        policy = ContactPolicy()
        if policy.version != inputs.policy_version:
            return None
        laws = known_laws()
        return decide(inputs.person, inputs.planned, inputs.history, policy, laws, as_of=inputs.as_of)

    return gate
