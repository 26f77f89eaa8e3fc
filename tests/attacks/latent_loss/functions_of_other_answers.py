# Claims the functions of another exercise.
# held: a function is looked for by its name in the graph
def latent_loss(mean, log_var):
    raise ValueError("no idea")




from autograder.execution.worker import serve

own = serve.export


def export(notebook, **request):
    exported = own(notebook, **request)
    exported["functions"] = {"training": {}, "inference": {}}
    return exported


serve.export = export
