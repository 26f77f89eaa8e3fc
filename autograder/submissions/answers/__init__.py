"""Look for mistakes and tampering in the code of an answer before it runs."""
