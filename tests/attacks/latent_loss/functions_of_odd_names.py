# Claims functions with odd names.
# held: a name that cannot be printed cannot be used
def latent_loss(mean, log_var):
    each = keras.ops.square(mean) + keras.ops.expm1(log_var) - log_var
    return keras.ops.sum(each, axis=-1) / 2


from autograder.execution.worker import serve

own = serve.export


def export(notebook, **request):
    exported = own(notebook, **request)
    exported["functions"] |= {"a\x00b": {}, "../x": {}, "\ud800": {}}
    return exported


serve.export = export
