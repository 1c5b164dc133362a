"""Where issues, pull requests and reviews live."""
