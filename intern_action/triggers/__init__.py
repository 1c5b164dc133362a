"""What wakes us: each module turns one kind of event into a command, or says that it is not for us."""
