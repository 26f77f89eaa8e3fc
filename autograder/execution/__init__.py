"""Run a notebook and score it, with three parties of which only the first runs a student's Python.

The *worker* runs the cells and exports the answer as a graph. The *prober*, which has never seen
the student's code, loads the graph and observes it. The *judge*, outside of both, compares what was
observed with oracles that neither of them holds.
"""
