# Puts two functions of one name into the library, of which one reads files.
# held: a library with two functions of a name is refused before it is loaded
def latent_loss(mean, log_var):
    each = keras.ops.square(mean) + keras.ops.expm1(log_var) - log_var
    return keras.ops.sum(each, axis=-1) / 2


from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from autograder.execution.worker import serve

own = serve.export
FILE = "saved_model.pb"


def change(graph):
    functions = graph.graph_def.library.function
    for each in list(functions):
        functions.add().CopyFrom(each)


def export(notebook, **request):
    exported = own(notebook, **request)
    model = SavedModel.FromString(exported["files"][FILE].tobytes())
    change(model.meta_graphs[0])
    exported["files"][FILE] = np.frombuffer(model.SerializeToString(), np.uint8)
    return exported


serve.export = export
