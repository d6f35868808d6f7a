"""The `beforehand` command: a client of what is deployed; it never opens the database."""
