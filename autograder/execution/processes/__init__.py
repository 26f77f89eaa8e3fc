"""The processes of a notebook, from the trusted side: started, asked and ended."""
