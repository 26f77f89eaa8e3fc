"""The exercises train with the student's part in the model, and measure what came of it apart."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from student_answers import DRAW, KL, latent_loss, sampling, tfp_answer

from latents import bounds, plots, workshop


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """Return the figures that were shown, by name; nothing is graded, whoever runs the tests."""
    figures = {}
    monkeypatch.setattr(plots, "show", lambda figure, name: figures.update({name: figure}))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    yield figures
    plt.close("all")


TINY = {"epochs": 2, "images": 640}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "borrowed"),
    [
        ({"sampling": DRAW}, ["latent loss"]),
        ({"latent_loss": KL}, ["sampling layer"]),
        ({"sampling": DRAW, "latent_loss": KL}, []),
    ],
)
def test_the_dense_model_trains_with_whatever_part_is_given(parts, borrowed, capsys, shown):
    make = {"sampling": sampling, "latent_loss": latent_loss}
    vae = workshop.train_vae(**{name: make[name](line) for name, line in parts.items()}, **TINY)
    told = capsys.readouterr().out
    assert [what for what in ("sampling layer", "latent loss") if what in told] == borrowed
    assert f"−ELBO {vae.distortion + vae.rate:.2f}" in told
    assert vae.code_size == 10
    assert vae.history["loss"][1] < vae.history["loss"][0]
    assert 190 < vae.distortion < 480 and 0 < vae.rate < 40  # floor, and a constant grey
    workshop.show_garments(vae)
    axes = shown["exercise-garments"].axes
    assert 12 <= sum(bool(axis.images) for axis in axes) <= 16
    pictures = np.stack([axis.images[0].get_array() for axis in axes])
    assert pictures.min() >= 0 and pictures.max() <= 1 and np.ptp(pictures, axis=0).max() > 0.01


@pytest.mark.slow
def test_the_latent_loss_of_the_student_is_what_is_minimized():
    free = workshop.train_vae(latent_loss=latent_loss("return 0 * mean[:, 0]"), **TINY)
    dear = workshop.train_vae(
        latent_loss=latent_loss(KL.replace("return ", "return 30 * ")), **TINY
    )
    assert dear.rate < free.rate / 4


@pytest.mark.slow
def test_a_training_that_has_gone_astray_is_told(capsys):
    vae = workshop.train_vae(latent_loss=latent_loss("return mean[:, 0] / 0"), epochs=1, images=64)
    assert not np.isfinite(vae.distortion)
    assert "not a finite number" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("times", [1.0, 2.0])
def test_the_tfp_encoder_is_trained_on_what_it_carries_and_the_rate_is_measured_apart(
    times, capsys, shown
):
    vae = workshop.train_tfp_vae(*tfp_answer(times=times), **TINY)
    assert vae.carried == pytest.approx(times * vae.rate, rel=1e-3)
    assert f"carry {vae.carried:.2f}" in capsys.readouterr().out
    assert vae.history["loss"][1] < vae.history["loss"][0]
    assert 190 < vae.distortion < 545  # floor, and a fair coin for every pixel
    workshop.show_garments(vae)
    assert 12 <= sum(bool(axis.images) for axis in shown["exercise-garments"].axes) <= 16


def test_the_rate_of_a_full_covariance_is_that_of_the_bounds():
    import tensorflow_probability as tfp

    from latents.workshop import models as workshop_models

    rng = np.random.default_rng(3)
    mean = rng.normal(size=(5, 4))
    scale = np.tril(rng.normal(0, 0.3, (5, 4, 4)), -1) + 0.7 * np.eye(4)
    q = tfp.distributions.MultivariateNormalTriL(mean, scale)
    expected = bounds.gaussian_kl(mean, scale)
    assert workshop_models.kl_to_standard_normal(q) == pytest.approx(expected, rel=1e-9)
