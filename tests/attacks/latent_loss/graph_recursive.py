# A function that calls itself.
# held: a graph with a circle cannot be loaded, and that is told of the process that tried
@tf.function
def inner(x):
    return x * 7


@tf.function
def length(x):
    return inner(x)


def latent_loss(mean, log_var):
    return tf.reduce_sum(length(mean), -1)


from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from autograder.execution.worker import serve

own = serve.export
FILE = "saved_model.pb"


def change(graph):
    for each in graph.graph_def.library.function:
        if "length" in each.signature.name:
            for node in each.node_def:
                if node.op == "PartitionedCall":
                    node.attr["f"].func.name = each.signature.name


def export(notebook, **request):
    exported = own(notebook, **request)
    model = SavedModel.FromString(exported["files"][FILE].tobytes())
    change(model.meta_graphs[0])
    exported["files"][FILE] = np.frombuffer(model.SerializeToString(), np.uint8)
    return exported


serve.export = export
