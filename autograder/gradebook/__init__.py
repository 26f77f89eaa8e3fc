"""What a course keeps: nbgrader's database and settings, and the journal of our own."""
