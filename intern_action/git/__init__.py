"""Our own git, out of the model's reach."""
