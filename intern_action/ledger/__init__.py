"""The only authority on money, claims and permissions: an append-only chain of entries on a branch."""
