"""A workflow runner: `act` with our image on a real Docker engine, and what GitHub sends turned into its runs."""
