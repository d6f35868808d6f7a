"""The gate: whether one message may go to one person now, as a pure function of facts and the contact policy."""
