"""Where isolated machines come from: a module here with its constant `BACKEND` is a kind of them."""
