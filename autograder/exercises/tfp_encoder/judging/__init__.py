"""Checks of the exercise ``tfp_encoder``: a prior and an encoder made of distributions.

The stack and the recipe, KL included, are those of "Variational Autoencoders with TensorFlow
Probability Layers" (TensorFlow blog, 2019); that the recipe counts the KL twice is issue 1215 of
``tensorflow/probability``.
"""

from autograder.checks.check import Part
from autograder.checks.exercise import Exercise
from autograder.exercises.tfp_encoder.judging.centring import Centring
from autograder.exercises.tfp_encoder.judging.common import settings
from autograder.exercises.tfp_encoder.judging.gaussian import Gaussian
from autograder.exercises.tfp_encoder.judging.kl import TrainingStep
from autograder.exercises.tfp_encoder.judging.prior import PriorDensity, PriorShape
from autograder.exercises.tfp_encoder.judging.stack import Stack

EXERCISE = Exercise(
    name="tfp_encoder",
    answers=("make_prior", "make_encoder"),
    parts=(
        Part("prior", "the prior is one standard normal over codes", 1),
        Part("architecture", "the convolution stack is that of the book", 2),
        Part("distribution", "the encoder returns a Gaussian with a full covariance", 3),
        Part("centring", "the stack sees x − 0.5", 1),
        Part("kl", "the training loss carries the KL to the prior once", 3),
    ),
    checks=(
        PriorShape(),
        PriorDensity(),
        Stack(),
        Gaussian(),
        Centring(),
        TrainingStep(),
    ),
    settings=settings,
)
