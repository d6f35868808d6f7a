"""Rehearsal: the next days run on today's data by the code that would run them, and nothing is sent or kept."""
