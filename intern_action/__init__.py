"""An ML engineer that lives in a GitHub repository."""
