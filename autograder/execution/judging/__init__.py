"""From cells to points: run them, let the prober examine the graph, and judge what it observes."""
