"""The exercise ``latent_loss``."""
