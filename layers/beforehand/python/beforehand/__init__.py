"""Beforehand: decides which customers to contact and when, before they leave, lapse or complain."""
