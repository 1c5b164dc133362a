"""Models: who goes on from a conversation, and over which wire."""
