"""Runs what the model steers: as another user, out of sight of our files and processes, inside limits."""
