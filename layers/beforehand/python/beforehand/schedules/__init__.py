"""Who should have run, who did, and who is late."""
