"""Delivery: what is due passes the gate, is claimed, sent once, and written down, through any fault."""
