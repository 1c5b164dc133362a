"""Everything the project promises, as sentences that can fail."""
