"""The processes of a notebook, seen from the trusted side: started, asked and ended."""
