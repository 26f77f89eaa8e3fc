# Settings in a dataclass, codes in a named tuple, types everywhere.
from __future__ import annotations
import dataclasses
from typing import NamedTuple


@dataclasses.dataclass(frozen=True)
class Config:
    half: float = 0.5


class Codes(NamedTuple):
    mean: tf.Tensor
    log_var: tf.Tensor


class Sampling(keras.layers.Layer):
    """Docstring with \u03c3 and umlauts: äöü."""

    def __init__(self, config: Config | None = None, *, seed: int | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.config = config or Config()
        self.seed_generator = keras.random.SeedGenerator(seed)

    def get_config(self):
        return super().get_config()

    def compute_output_shape(self, input_shapes):
        return input_shapes[0]

    def call(self, inputs: list[tf.Tensor], training: bool | None = None, mask=None) -> tf.Tensor:
        """Sample."""
        codes = Codes(*inputs)
        eps = keras.random.normal(
            shape=keras.ops.shape(codes.mean),
            mean=0.0,
            stddev=1.0,
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )
        return codes.mean + keras.ops.exp(codes.log_var * self.config.half) * eps
