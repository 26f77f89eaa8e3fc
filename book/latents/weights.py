"""Trained networks as small files that thirty lines of JavaScript can run, and back again.

A ``.bin`` file holds the numbers of all its parts one after another, as little-endian float16
without any header. The ``.json`` file beside it says what they are::

    {"bin": "vae.bin", "bytes": 227428, "sha256": "...", "dtype": "float16",
     "parts": {"decoder": {"inputs": 10, "outputs": [784], "image": [28, 28], "layers": [
         {"kernel": {"shape": [10, 32], "offset": 0}, "bias": {"shape": [32], "offset": 640},
          "activation": "relu"}, ...],
         "example": {"input": {"shape": [1, 10], "offset": ...}, "output": ...}}}}

Offsets are in bytes, kernels are stored row by row, and a layer computes
``activation(x @ kernel + bias)``; a decoder that ends without activation gives logits. The example
is what Keras answered. A part that is an array (such as the codes of some images) has ``shape`` and
``offset`` itself. Networks with convolutions are written as ONNX instead.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from latents import LatentsError
from latents.onnx_files import HALF, in_half, to_onnx

FOLDER = "weights"  # beside the run records of a profile
ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: (1 + np.tanh(x / 2)) / 2,  # without overflow
}
TOLERANCE = 2e-2  # of the largest output; for a model that itself computes in half precision


@dataclass(frozen=True)
class Dense:
    """One layer, ``activation(x @ kernel + bias)``: kernel (inputs, outputs), bias (outputs,)."""

    kernel: np.ndarray
    bias: np.ndarray
    activation: str


@dataclass(frozen=True)
class Network:
    """Dense layers in their order; callable.

    Attributes
    ----------
    layers : tuple of Dense
    outputs : tuple of int
        How many numbers each output of the model has: ``(784,)`` for a decoder, ``(2, 2)`` for an
        encoder that gives means and log-variances, which stand side by side in this order.
    example : tuple of numpy.ndarray, optional
        An input (1, ...) and what Keras answered before its weights were rounded; from files only.
    """

    layers: tuple[Dense, ...]
    outputs: tuple[int, ...]
    example: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def inputs(self) -> int:
        """How many numbers go in: the pixels of an image, or the size of a code."""
        return len(self.layers[0].kernel)

    def __call__(self, x) -> np.ndarray:
        """Apply the network to rows: (n, inputs) to (n, sum of outputs), in float64."""
        x = np.asarray(x, "float64").reshape(len(x), -1)
        for layer in self.layers:
            x = ACTIVATIONS[layer.activation](x @ layer.kernel + layer.bias)
        return x


def write(folder: Path, files: Mapping[str, Any]) -> dict[str, str]:
    """Write trained networks, and return the SHA-256 of every file by its name.

    Parameters
    ----------
    folder : Path
        Made where it is missing; what was there under the same names is replaced.
    files : mapping
        ``NAME.bin`` to its parts: each a Keras model of dense layers, or an array.
        ``NAME.onnx`` to one ``tf_keras`` model that computes in single precision.

    Raises
    ------
    LatentsError
        A number is not finite, or too large for float16; a model has other layers than a ``.bin``
        file can hold, or computes in half precision; the packages for ONNX are not installed.
    """
    made: dict[str, bytes] = {}
    for name, content in files.items():
        if name.endswith(".onnx"):
            made[name] = to_onnx(name, content)
        elif name.endswith(".bin"):
            blob, layout = pack(name, content)
            made |= {name: blob, _layout_of(name): (json.dumps(layout) + "\n").encode()}
        else:
            raise LatentsError(f"Weights go into a .bin or an .onnx file, not into {name}.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        scratch = folder / f"{name}.part"
        scratch.write_bytes(content)
        scratch.replace(folder / name)
    return {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}


def read(file: Path, digest: str | None = None) -> dict[str, Network | np.ndarray]:
    """Return the parts of a ``.bin`` file by name, networks and arrays, as float32.

    Parameters
    ----------
    file : Path
        The ``.bin`` file; its layout is read from the ``.json`` file beside it.
    digest : str, optional
        SHA-256 that the run record gives for the file.

    Raises
    ------
    LatentsError
        One of the two files is missing or damaged, or they do not belong together.
    """
    again = "delete it and build again."
    try:
        blob = file.read_bytes()
        layout = json.loads(file.with_name(_layout_of(file.name)).read_text())
        known, _ = layout["sha256"], layout["parts"]  # both must be there
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LatentsError(f"{file} is no file of weights with its layout: {again}") from error
    if {hashlib.sha256(blob).hexdigest()} != {known, digest or known}:
        raise LatentsError(f"{file} is not what its run has written: {again}")
    try:
        return unpack(blob, layout)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LatentsError(f"The layout of {file} does not fit it: {again}") from error


def unpack(blob: bytes, layout: dict) -> dict[str, Network | np.ndarray]:
    """Return the parts that `pack` has put together, networks and arrays, as float32."""
    return {name: _part(blob, description) for name, description in layout["parts"].items()}


def intact(folder: Path, digests: Mapping[str, str]) -> bool:
    """Whether every file that a run record names is there as it was written."""
    files = {folder / name: digest for name, digest in digests.items()}
    return all(
        file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest
        for file, digest in files.items()
    )


def pack(name: str, parts: Mapping[str, Any]) -> tuple[bytes, dict]:
    """Return the content of ``NAME.bin`` and its layout; parameters and errors as in `write`."""
    blob, layouts = bytearray(), {}

    def store(array: np.ndarray, part: str) -> dict:
        half, offset = in_half(array, f"{part} in {name}"), len(blob)
        blob.extend(half.tobytes())
        return {"shape": list(half.shape), "offset": offset}

    for part, content in parts.items():
        if isinstance(content, np.ndarray):
            layouts[part] = store(content, part)
            continue
        network = of_model(content, part)
        layers = []
        for layer in network.layers:
            kernel, bias = store(layer.kernel, part), store(layer.bias, part)
            layers.append({"kernel": kernel, "bias": bias, "activation": layer.activation})
        x = _inputs(content, 1)
        example = {"input": store(x, part), "output": store(_answers(content, x, network), part)}
        pixels = max(network.inputs, *network.outputs)
        side = math.isqrt(pixels)  # images are square here
        shape = {"inputs": network.inputs, "outputs": network.outputs}
        shape |= {"image": (side, side)} if side**2 == pixels else {}
        layouts[part] = shape | {"layers": layers, "example": example}
    layout = {"bin": name, "bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}
    return bytes(blob), layout | {"dtype": "float16", "parts": layouts}


def of_model(model, name: str = "The model") -> Network:
    """Return the dense layers of a Keras model, after a check that they answer as it does.

    Layers that read the same tensor, such as the two of a mean and a log-variance, become one with
    its outputs side by side. Layers that change nothing, or that only draw or charge for a code,
    may stand between or behind them.

    Raises
    ------
    LatentsError
        The model computes something that these layers do not.
    """
    groups: dict[int, list] = {}
    for layer in _flat(model):
        if type(layer).__name__ == "Dense":
            groups.setdefault(id(layer.input), []).append(layer)
    layers = tuple(_beside(group) for group in groups.values())
    outputs = tuple(layer.units for layer in [*groups.values()][-1]) if groups else ()
    network = Network(layers, outputs)
    if not layers or not _agree(model, network):
        raise LatentsError(
            f"{name} is not a chain of dense layers with {', '.join(ACTIVATIONS)} as activations."
        )
    return network


def _flat(model) -> Iterator:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _flat(layer)
        else:
            yield layer


def _beside(group: list) -> Dense:
    """Layers with the same input as one layer."""
    weights = [[np.asarray(each, "float32") for each in layer.get_weights()] for layer in group]
    biases = [pair[1] if len(pair) > 1 else np.zeros(pair[0].shape[1]) for pair in weights]
    kernel = np.concatenate([pair[0] for pair in weights], axis=1)
    names = {layer.activation.__name__ for layer in group}
    return Dense(kernel, np.concatenate(biases), names.pop() if len(names) == 1 else "several")


def _agree(model, network: Network) -> bool:
    """Whether model and layers give the same answers, up to the rounding of half precision."""
    layers = network.layers
    if any(layer.activation not in ACTIVATIONS for layer in layers):
        return False
    if any(len(b.kernel) != a.kernel.shape[1] for a, b in pairwise(layers)):
        return False
    if math.prod(model.input_shape[1:]) != network.inputs:
        return False
    numbers = [array for layer in layers for array in (layer.kernel, layer.bias)]
    if not all(np.isfinite(array).all() for array in numbers):
        return True  # they are refused when they are stored, with a sentence of their own
    x = _inputs(model, 16)
    ours, theirs = network(x), _answers(model, x, network)
    return ours.shape == theirs.shape and bool(
        np.abs(theirs - ours).max() <= TOLERANCE * np.abs(theirs).max()
    )


def _inputs(model, count: int) -> np.ndarray:
    """Draw from the standard normal distribution what a model takes, exact in float16."""
    shape = count, *model.input_shape[1:]
    return np.random.default_rng(0).normal(size=shape).astype(HALF).astype("float32")


def _answers(model, x: np.ndarray, network: Network) -> np.ndarray:
    """Return those outputs of the model that the network has, side by side: (n, numbers)."""
    found = model(x)
    found = found if isinstance(found, list | tuple) else [found]
    rows = [np.asarray(each, "float64").reshape(len(x), -1) for each in found]
    return np.concatenate(rows[: len(network.outputs)], axis=1)


def _part(blob: bytes, description: dict) -> Network | np.ndarray:
    def array(place: dict) -> np.ndarray:
        count = math.prod(place["shape"])
        flat = np.frombuffer(blob, HALF, count, place["offset"])
        return flat.reshape(place["shape"]).astype("float32")

    if "layers" not in description:
        return array(description)
    layers = tuple(
        Dense(array(layer["kernel"]), array(layer["bias"]), layer["activation"])
        for layer in description["layers"]
    )
    example = array(description["example"]["input"]), array(description["example"]["output"])
    return Network(layers, tuple(description["outputs"]), example)


def _layout_of(name: str) -> str:
    return str(Path(name).with_suffix(".json"))
