"""Checks of the exercise ``latent_loss``: KL(N(mean, diag exp(log_var)) ‖ N(0, I)) in nats.

The closed form is that of Kingma and Welling (2014), "Auto-encoding variational Bayes", appendix B.
"""

from autograder.checks.check import Part
from autograder.checks.exercise import Exercise
from autograder.exercises.latent_loss.judging.function import settings
from autograder.exercises.latent_loss.judging.gradients import GradientToLogVar, GradientToMean
from autograder.exercises.latent_loss.judging.sums import SumOverLatents
from autograder.exercises.latent_loss.judging.training import InTraining
from autograder.exercises.latent_loss.judging.values import Nats, Prior, Value

EXERCISE = Exercise(
    name="latent_loss",
    answers=("latent_loss",),
    parts=(
        Part("value", "the cost of a latent follows the formula", 3),
        Part("prior", "the loss is exactly 0 at the prior, and only there", 1),
        Part("reduction", "each example has one number, a sum over its latents in nats", 2),
        Part("gradients", "gradients reach mean and log_var", 2),
        Part("use", "it works in a fitted Keras model and in a compiled training step", 2),
    ),
    checks=(
        Value(),
        Prior(),
        SumOverLatents(),
        Nats(),
        GradientToMean(),
        GradientToLogVar(),
        InTraining(),
    ),
    settings=settings,
)
