"""What a start is, here and on the Hub, of a job or of a sandbox: whose it is, that it is made once, what is said of it."""
