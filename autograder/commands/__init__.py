"""One module a command: it asks the other parts, prints, and returns an exit code."""
