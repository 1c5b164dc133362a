"""Where training runs. A module here with a `BACKEND` is a backend."""
