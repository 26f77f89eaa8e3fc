"""What more than one chapter of Latent Spaces by Experiment needs: data, bounds, plots, records."""


class LatentsError(Exception):
    """A mistake or a missing thing that the reader can fix; the message is for the reader."""
