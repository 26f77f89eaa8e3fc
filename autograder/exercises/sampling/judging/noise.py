"""Checks of ``sampling`` on the noise: one of its own for every number, a new one in every call."""

import numpy as np

from autograder.checks.moments import correlation_bound
from autograder.checks.words import number, shape
from autograder.exercises.sampling.judging.layer import (
    MEAN,
    SAME,
    LayerCheck,
    alike,
    noise,
    of_any_size,
)


class OneForEachLatent(LayerCheck):
    """The latents of one code have noise of their own."""

    part = "independence"
    among = "latents of a code"

    def inputs(self, rng):
        """Return the shape of a batch: many codes of few latents."""
        return {"shapes": [[4000, 6] if rng is None else [4000, int(rng.integers(7, 10))]]}

    def observe(self, make, inputs):
        """Return how the noise of one call is correlated, for every shape that the layer takes."""
        first, *others = inputs["shapes"]
        seen = [self._correlation(noise(make()(alike(first), training=True), first))]
        for sizes in others:
            try:
                z = noise(make()(alike(sizes), training=True), sizes)
                seen.append(self._correlation(z))
            except Exception:  # the part on shapes speaks of what the layer cannot take
                seen.append(None)
        return {"correlations": seen}

    def variables(self, z):
        """Return the noise with its draws along the first axis."""
        return z.reshape(-1, z.shape[-1])

    def verdict(self, inputs, seen):
        """Demand correlations that independent noise can have."""
        for sizes, found in zip(inputs["shapes"], seen["correlations"], strict=True):
            if found is None:
                continue
            if found == "equal":
                return (
                    f"All numbers in a batch of codes of shape {shape(sizes)} are the same, at one "
                    "mean and one log_var, although each should have noise of its own."
                )
            draws, count = self.variables(np.empty(sizes)).shape
            allowed = correlation_bound(draws, count * (count - 1) // 2)
            if not abs(found) <= allowed:
                return (
                    f"In a batch of shape {shape(sizes)} the noise of two {self.among} has a "
                    f"correlation of {number(found)}, expected 0 (within {number(allowed)}): "
                    f"{self._cause(found)}."
                )
        return None

    def _cause(self, found) -> str:
        if found > 0.999:
            return "one noise serves both; draw it with the full shape of mean"
        if found < -0.999:
            return "one noise serves both, once with its sign reversed"
        return "draw the noise independently, with the full shape of mean"

    def _correlation(self, z):
        """Return the correlation of largest size between two columns of (draws, variables)."""
        columns = self.variables(z)
        if np.ptp(columns) < SAME:
            return "equal"
        moving = columns[:, columns.std(axis=0) > SAME]
        if moving.shape[1] < 2:
            return 0.0  # each column has a number of its own, in one draw
        r = np.corrcoef(moving, rowvar=False)[np.triu_indices(moving.shape[1], 1)]
        return float(r[np.argmax(np.abs(r))])


class OneForEachExample(OneForEachLatent):
    """The codes of a batch have noise of their own, along all of its axes."""

    among = "codes"

    def inputs(self, rng):
        """Return shapes of batches: few codes, on one axis or more, of many latents."""
        if rng is None:
            return {"shapes": [[6, 1000], [2, 3, 1000]], "compiled": True}
        sizes = rng.permutation([2, 3, 4]).tolist()
        shapes = [[int(rng.integers(4, 9)), 1000], [*sizes[:2], 1000], [*sizes, 1000]]
        return {"shapes": shapes, "compiled": False}

    def observe(self, make, inputs):
        """Look also where the size of the batch is unknown: in a compiled function.

        Whatever the size is, such a function is the same, so one announced size is enough.
        """
        seen = super().observe(make, inputs)
        look = self._where_size_is_unknown if inputs["compiled"] else lambda *_: None
        return {**seen, "compiled": look(make, inputs["shapes"][0])}

    def _where_size_is_unknown(self, make, sizes):
        try:
            return self._correlation(noise(of_any_size(make(), sizes), sizes))
        except Exception:  # the parts on shapes and on freshness speak of that
            return None

    def verdict(self, inputs, seen):
        """Demand independence also where the size of the batch is unknown."""
        problem = super().verdict(inputs, seen)
        if problem or seen["compiled"] is None:
            return problem
        compiled = {"shapes": inputs["shapes"][:1]}, {"correlations": [seen["compiled"]]}
        problem = super().verdict(*compiled)
        told = "Where the size of the batch is unknown, as in predict or fit: "
        return told + problem[0].lower() + problem[1:] if problem else None

    def variables(self, z):
        """Return the noise with one column for each code."""
        return z.reshape(-1, z.shape[-1]).T


class FreshEager(LayerCheck):
    """Two calls have different noise."""

    part = "freshness"

    def inputs(self, rng):
        """Return the shape of a batch, and how often the layer is called."""
        if rng is None:
            return {"shape": [30, 20], "calls": 2}
        return {"shape": rng.integers(20, 40, size=2).tolist(), "calls": int(rng.integers(4, 7))}

    def observe(self, make, inputs):
        """Call one layer several times at the same place, at training."""
        layer, given = make(), alike(inputs["shape"])
        calls = range(inputs["calls"])
        return self.compared([noise(layer(given, training=True), inputs["shape"]) for _ in calls])

    def compared(self, drawn):
        """Return how many numbers two draws share, at most, and whether the first has noise."""
        pairs = [(a, b) for i, a in enumerate(drawn) for b in drawn[:i]]
        return {
            "same": max(float(np.mean(np.abs(a - b) < SAME)) for a, b in pairs),
            "still": bool(np.all(np.abs(drawn[0] - MEAN) < SAME)),
        }

    def verdict(self, inputs, seen):
        """Demand that the numbers have changed."""
        return self.sentence(
            "calls of the layer in eager mode",
            seen,
            repeated="a fixed seed, or noise that is drawn once and kept, repeats itself; a "
            "keras.random.SeedGenerator moves on",
        )

    def sentence(self, where, seen, repeated, still="the code must be random"):
        """Return None for fresh noise, or what was repeated where."""
        if seen["same"] < 0.1:  # half precision alone makes a few numbers equal
            return None
        if seen["still"]:
            return f"Two {where} gave the mean itself, expected fresh noise in each: {still}."
        if seen["same"] < 0.99:
            repeated = "every latent needs noise of its own, new in every call"
        return (
            f"Two {where} gave the same numbers in {seen['same']:.0%} of the latents, expected "
            f"fresh noise in each: {repeated}."
        )


class FreshCompiled(FreshEager):
    """Two calls of a compiled function, and two predictions, have different noise."""

    def observe(self, make, inputs):
        """Call one compiled function several times, which also predicts: at inference."""
        import keras
        import tensorflow as tf

        given = alike(inputs["shape"])
        # The size of the batch is known here: where it is not, the part on shapes looks. The model
        # comes first because Keras makes its generator with it; a function would be traced twice.
        ends = [keras.Input(batch_shape=tensor.shape) for tensor in given]
        model, layer = keras.Model(ends, make()(ends)), make()

        @tf.function(autograph=False)
        def compiled(given):  # both in one function, as compiling costs more than anything else
            return layer(given, training=True), model.predict_step((given,))

        drawn = [
            [noise(codes, inputs["shape"]) for codes in compiled(given)]
            for _ in range(inputs["calls"])
        ]
        function, predict = (self.compared(codes) for codes in zip(*drawn, strict=True))
        return {"function": function, "predict": predict}

    def verdict(self, inputs, seen):
        """Demand that the numbers have changed, at training and at inference."""
        return self.sentence(
            "calls of one compiled function (tf.function)",
            seen["function"],
            repeated="noise or seeds made by Python or NumPy are frozen when it is traced",
        ) or self.sentence(
            "predictions of one batch (predict)",
            seen["predict"],
            repeated="the noise must be as fresh at inference as at training",
            still="the code is random at inference too, whatever `training` is",
        )
