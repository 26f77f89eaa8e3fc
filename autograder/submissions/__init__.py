"""From the folder of submitted files to notebooks that can be graded."""
