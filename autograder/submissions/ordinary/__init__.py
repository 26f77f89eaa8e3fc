"""The instructor's own assignments: their sources, and what students hand in for them."""
