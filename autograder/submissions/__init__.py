"""From the folder in which students hand in to a notebook that can be graded."""
