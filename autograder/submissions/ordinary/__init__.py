"""The instructor's own assignments: their sources, and what students submit for them."""
