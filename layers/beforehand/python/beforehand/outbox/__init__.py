"""What the database wants done outside: written down with the change itself, carried out after it, exactly once."""
