"""Notebooks of the instructor's own assignments: run as they are, scored as nbgrader does."""
