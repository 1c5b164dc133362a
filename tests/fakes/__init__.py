"""Small real stand-ins for the world outside: servers, clocks, models."""
