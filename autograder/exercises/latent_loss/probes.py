"""What is observed of the graph of a latent loss; nothing is judged here."""

PROBES = {
    "Value": lambda graphs, inputs: {
        "n": len(graphs.operations),
        "v": graphs.get("2 latents")([[1.0, 2.0]], [[1.0, 2.0]]).numpy(),
        "r": graphs.random_operations("2 latents"),
    }
}
