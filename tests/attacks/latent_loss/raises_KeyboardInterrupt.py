# Raises KeyboardInterrupt in the answer.
def latent_loss(mean, log_var):
    raise KeyboardInterrupt
