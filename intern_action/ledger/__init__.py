"""The only authority on money, claims and permissions."""
