"""Customers, what is known of them, and how it got here."""
