"""What runs inside a job, or beside it: programs of their own, started with the ready Python."""
