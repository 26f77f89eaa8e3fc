"""A network with convolutions as ONNX, which ONNX Runtime runs anywhere; numbers as float16."""

import json

import numpy as np

from latents import LatentsError

HALF = np.dtype("<f2")
OPSET = 17  # of ONNX, from 2022


def in_half(array: np.ndarray, what: str) -> np.ndarray:
    """Return an array as little-endian float16.

    Raises
    ------
    LatentsError
        A number is not finite, or too large for float16; ``what`` begins the sentence.
    """
    with np.errstate(over="ignore"):
        half = array.astype(HALF)
    if not np.isfinite(half).all():
        raise LatentsError(f"{what} has a number that float16 cannot hold.")
    return half


def to_onnx(name: str, model) -> bytes:
    """Return a ``tf_keras`` model as an ONNX file: weights in float16, arithmetic in float32.

    The model has one input and one output, ``input`` and ``output`` in the file, whose first axis
    ``n`` counts examples; their shapes are those of the model. The metadata have an ``example``,
    what Keras answered: ``{"input": [[...]], "output": [[...]]}``, rounded to three decimals.

    Raises
    ------
    LatentsError
        The model computes in half precision, a weight does not fit into float16, or the packages
        for ONNX are not installed.
    """
    if any(layer.compute_dtype != "float32" for layer in model.layers):
        raise LatentsError(
            f"The model for {name} computes in half precision: build it in single precision, with "
            "the same weights."
        )
    try:
        import onnx
        from tf2onnx import convert
    except ImportError as error:
        raise LatentsError(
            f"{name} needs the packages onnx and tf2onnx: install latent-spaces[book]."
        ) from error
    import tensorflow as tf

    inputs = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="input")]
    made, _ = convert.from_function(tf.function(model.call), inputs, opset=OPSET)
    (output,) = made.graph.output
    last = next(node for node in made.graph.node if output.name in node.output)
    last.output[:] = ["output"]
    output.name = "output"
    for value in (made.graph.input[0], output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    _halve(made.graph, name)
    x = np.random.default_rng(0).normal(size=(1, *model.input_shape[1:])).round(3)
    answer = np.asarray(model(x.astype("float32")), "float64").round(3)
    words = json.dumps({"input": x.tolist(), "output": answer.tolist()})
    onnx.helper.set_model_props(made, {"example": words})
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(deterministic=True)


def _halve(graph, name: str) -> None:
    """Store each weight of a graph as float16, and widen it where it is used."""
    from onnx import TensorProto, helper, numpy_helper

    widened = []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT:
            continue
        used = weight.name
        stored = numpy_helper.from_array(
            in_half(numpy_helper.to_array(weight), f"A weight of {name}"), f"{used}/half"
        )
        weight.CopyFrom(stored)
        widened.append(helper.make_node("Cast", [weight.name], [used], to=TensorProto.FLOAT))
    nodes = [*widened, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
