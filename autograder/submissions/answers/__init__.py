"""What the code of an answer says before it runs."""
