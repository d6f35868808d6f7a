"""One desk for everything that contacts a customer."""
