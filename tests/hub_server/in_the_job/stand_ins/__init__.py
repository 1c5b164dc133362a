"""Small programs that jobs find on their PATH in the place of others, so that nothing is fetched from anywhere."""
