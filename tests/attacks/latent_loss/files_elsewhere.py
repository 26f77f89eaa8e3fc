# Sends files whose names lead elsewhere.
# held: only the three names of a saved model are taken
def latent_loss(mean, log_var):
    each = keras.ops.square(mean) + keras.ops.expm1(log_var) - log_var
    return keras.ops.sum(each, axis=-1) / 2


from autograder.execution.worker import serve

own = serve.export


def export(notebook, **request):
    exported = own(notebook, **request)
    exported["files"]["../../../tmp/x"] = np.zeros(3, np.uint8)
    return exported


serve.export = export
