"""A Docker engine, and our images on it."""
