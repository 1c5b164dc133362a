"""What a start on the Hub is, of a job or of a sandbox: whose it is, that it is made once, what the Hub says of it."""
