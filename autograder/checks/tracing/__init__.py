"""From an answer to its graph: trace and save it, examine the saved graph, load it and call it."""
