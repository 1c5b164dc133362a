"""The two halves of a session: the agent proposes, control disposes."""
