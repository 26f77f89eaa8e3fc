"""The contract of ``latent_loss``: the function is traced for codes of several widths."""

from collections.abc import Callable, Mapping
from typing import Any

from autograder.checks.tracing.contract import AnswerError, Order, Traced
from autograder.checks.values import Values
from autograder.checks.words import shape

WIDTHS = (1, 2, 5, 40)  # latents of a code; apart from 1, none equals a batch size
WIDER = "widths"  # key of the settings: further widths, which only hidden checks have
BATCHES = (1, 3, 32)  # batch sizes, for a function that has to know its own


def orders(answers: Mapping[str, Any], settings: Values) -> list[Order]:
    """Return the orders for each width; see ``autograder.checks.tracing.contract``.

    That for a single latent calls the answer twice, and returns ``first`` and ``second``: numbers
    that are drawn while the graph is made are fixed in it, and differ between the two.
    """

    def once() -> Traced:
        latent_loss = answers["latent_loss"]
        return Traced(lambda mean, log_var: _call(latent_loss, mean, log_var))

    def twice() -> Traced:
        latent_loss = answers["latent_loss"]
        return Traced(
            lambda mean, log_var: {
                "first": _call(latent_loss, mean, log_var),
                "second": _call(latent_loss, mean, log_var),
            }
        )

    return [
        Order(name(width), twice if width == 1 else once, ((None, width),) * 2, BATCHES)
        for width in (*WIDTHS, *map(int, settings.get(WIDER, ())))
    ]


def name(width: int) -> str:
    """Return the name of the function for codes of a width."""
    return f"{width} latents"


def _call(latent_loss: Callable, mean: Any, log_var: Any) -> Any:
    """Return the result of an answer as one tensor."""
    import tensorflow as tf

    if mean.shape[0] is None:
        result = latent_loss(mean, log_var)
    else:  # It failed for a batch of any size. What AutoGraph rewrites is worth a second trial.
        result = tf.function(latent_loss)(mean, log_var)
    if result is None:
        raise _returned("None (a `return` is missing)")
    if isinstance(result, list | tuple | dict):
        raise _returned(f"a {type(result).__name__}")
    try:
        result = tf.convert_to_tensor(result)
    except (TypeError, ValueError):
        raise _returned(f"a {type(result).__name__}") from None
    if not (result.dtype.is_floating or result.dtype.is_integer or result.dtype.is_bool):
        raise _returned(f"a tensor of type {result.dtype.name}")
    if mean.shape[0] is None and _has_fixed_size(result.shape, mean.shape[1]):
        raise AnswerError(
            f"For a batch whose size is not known yet the result has shape {shape(result.shape)}, "
            f"expected (None,): a size of {result.shape[0]} is fixed in your function, so a batch "
            "of any other size fails. Take it from keras.ops.shape(mean), or do without it."
        )
    return result


def _returned(what: str) -> AnswerError:
    return AnswerError(
        f"The function returned {what}, expected one tensor with a number for each example."
    )


def _has_fixed_size(sizes: Any, width: int) -> bool:
    """Return whether a result has a number of examples, or of what else is not the latents."""
    return bool(sizes.rank) and sizes[0] not in (None, 1, width)
