"""The exercises, one package each.

``contract.py`` says what of an answer is turned into a graph, and ``probes.py`` observes such a
graph. Both are there where student code runs. ``judging/`` holds the oracles and the judges, and is
not: see ``autograder.checks.hidden``.
"""
