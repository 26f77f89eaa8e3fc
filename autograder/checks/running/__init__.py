"""Run checks: in the notebook of a student, and in the process that holds a graph."""
