"""What each command does: find or make a house, act, say what came of it. Returns exit codes."""
