"""One construct for each capability: its functions, its workflow and when they run."""
