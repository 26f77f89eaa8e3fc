"""The side of the border on which a student's code runs."""
