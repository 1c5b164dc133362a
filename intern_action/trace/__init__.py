"""A session as people and other programs read it."""
