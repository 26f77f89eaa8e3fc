"""Release the exercises of Latent Spaces by Experiment, check them as a student, grade a class."""


class AutograderError(Exception):
    """A mistake or a missing thing that the user can fix; the message is for the user."""
