"""What the settings are and where each value came from."""
