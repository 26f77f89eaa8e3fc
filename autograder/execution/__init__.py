"""Run notebooks on the trusted side: what is run, where, and what comes of it."""
