"""What `beforehand up` starts here: PostgreSQL, an AWS endpoint, and the project's own stacks on it."""
