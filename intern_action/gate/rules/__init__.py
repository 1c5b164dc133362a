"""Reasons to hold a call, one file a rule; any rule can hold, none can free."""
