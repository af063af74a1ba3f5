"""Live updates on the command line: a client that resumes, and what prints its events."""
