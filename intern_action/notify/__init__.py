"""Who is told, one file a way of telling."""
