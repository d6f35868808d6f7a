"""Building blocks that capabilities are put together from."""
