# Returns a text.
# loses value: The function returned a tensor of type string
# loses prior: The function returned a tensor of type string
# loses reduction: The function returned a tensor of type string
# loses gradients: The function returned a tensor of type string
# loses use: The function returned a tensor of type string
def latent_loss(mean, log_var):
    return "0.5 * (mean**2 + exp(log_var) - 1 - log_var)"
