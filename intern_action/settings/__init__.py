"""What a run is told from outside: every knob with its value and where that came from."""
