"""Who must not be contacted: known by a hash of their address, so that the list outlives what it is a list of."""
