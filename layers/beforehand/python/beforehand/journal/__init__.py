"""Every decision with its facts, its rule and its because."""
