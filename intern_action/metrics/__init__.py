"""What a training run said in numbers: read, compared, drawn."""
