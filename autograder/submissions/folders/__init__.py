"""Find what is in a submitted folder, including archives and subfolders."""
