"""Where signals, scores and candidates are kept."""
