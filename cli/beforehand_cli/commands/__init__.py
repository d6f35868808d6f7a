"""The verbs of the `beforehand` command, one module each."""
