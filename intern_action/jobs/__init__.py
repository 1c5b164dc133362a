"""Where training runs, one file a place."""
