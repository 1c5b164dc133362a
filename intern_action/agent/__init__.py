"""The thinking part: a loop over a memory. Pure: what it touches of the world is handed to it as ports."""
