"""Finds the customers who are about to leave, says why, and proposes how to keep each of them."""
