"""The notebooks of the exercises: right answers are drawn, stubs are no errors, faults are."""

import os
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from student_answers import (
    DRAW,
    ENCODER,
    FAULT,
    KL,
    LATENT_LOSS,
    SAMPLING,
    STUB,
    answer,
    latent_loss,
    sampling,
    tfp_answer,
)

from latents import LatentsError, plots, workshop


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """Return the figures that were shown, by name; nothing is graded, whoever runs the tests."""
    figures = {}
    monkeypatch.setattr(plots, "show", lambda figure, name: figures.update({name: figure}))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    yield figures
    plt.close("all")


# Every function, with a stub, a fault, and while the notebook is graded

CALLS = {
    "show_codes": lambda line: workshop.show_codes(sampling(line), mean=2.0, variance=9.0),
    "show_latent_loss": lambda line: workshop.show_latent_loss(latent_loss(line)),
    "show_posterior": lambda line: workshop.show_posterior(*tfp_answer(line)),
    "train_vae, sampling": lambda line: workshop.train_vae(sampling=sampling(line)),
    "train_vae, latent_loss": lambda line: workshop.train_vae(latent_loss=latent_loss(line)),
    "train_vae, both": lambda line: workshop.train_vae(sampling(DRAW), latent_loss(line)),
    "train_tfp_vae": lambda line: workshop.train_tfp_vae(*tfp_answer(line)),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@each_call
def test_a_stub_is_reported_in_one_line(call, capsys):
    assert call(STUB) is None
    (line,) = capsys.readouterr().out.splitlines()
    assert "not attempted yet" in line


@each_call
def test_every_other_exception_of_an_answer_is_named_with_its_line(call, capsys):
    assert call(FAULT) is None
    (line,) = capsys.readouterr().out.splitlines()
    assert re.match(
        rf"Line \d+ of your answer, `{re.escape(FAULT)}`, raised KeyError: '?a fault", line
    )
    assert "not attempted yet" not in line


@each_call
@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_nothing_runs_while_the_notebook_is_checked(call, mode, monkeypatch, capsys, shown):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    assert call(FAULT) is None
    assert capsys.readouterr().out == "Left out while the notebook is checked.\n"
    assert shown == {}


def test_no_garments_are_drawn_while_the_notebook_is_checked(monkeypatch, capsys, shown):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    workshop.show_garments("not a model")
    assert capsys.readouterr().out == "Left out while the notebook is checked.\n"
    assert shown == {}


def test_garments_without_a_model_are_reported_in_one_line(capsys, shown):
    workshop.show_garments(None)
    (line,) = capsys.readouterr().out.splitlines()
    assert "no trained model" in line
    assert shown == {}


def test_a_stub_in_the_prior_is_a_stub_too(capsys):
    _, make_encoder = tfp_answer()
    make_prior = answer(f"def make_prior(encoded_size):\n    {STUB}\n")["make_prior"]
    workshop.show_posterior(make_prior, make_encoder)
    assert "not attempted yet" in capsys.readouterr().out


def test_what_a_library_has_not_implemented_is_no_stub(capsys):
    line = "return tfd.kl_divergence(tfd.Normal(0.0, 1.0), tfd.Cauchy(0.0, 1.0))"
    code = "import tensorflow_probability as tfp\ntfd = tfp.distributions\n"
    workshop.show_latent_loss(answer(code + LATENT_LOSS.format(line))["latent_loss"])
    assert f"`{line}`, raised NotImplementedError: No KL" in capsys.readouterr().out


def test_importing_the_workshop_imports_neither_tensorflow_nor_pyplot(project):
    code = (
        f"import sys; sys.path.insert(0, {str(project / 'book')!r}); from latents import workshop; "
        "print({'tensorflow', 'keras', 'tf_keras', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# Pictures


def bars(figure):
    return [patch for axis in figure.axes for patch in axis.patches]


def points(figure):
    return {
        axis.get_xlabel(): np.array(line.get_xydata())
        for axis in figure.axes
        for line in axis.lines
        if line.get_marker() == "o"
    }


def test_codes_of_a_right_layer_lie_below_the_curve(capsys, shown):
    workshop.show_codes(sampling(DRAW), mean=2.0, variance=9.0)
    told = capsys.readouterr().out
    assert "expected 2\n" in told and "expected 3\n" in told
    (figure,) = shown.values()
    (curve,) = figure.axes[0].lines
    z, density = curve.get_data()
    assert z[np.argmax(density)] == pytest.approx(2, abs=0.05)
    inside = np.trapezoid(np.where(np.abs(z - 2) < 3, density, 0), z)
    assert inside == pytest.approx(0.6827, abs=0.01)
    area = sum(bar.get_width() * bar.get_height() for bar in bars(figure))
    assert area == pytest.approx(1)
    near = sum(b.get_width() * b.get_height() for b in bars(figure) if abs(b.get_x() - 2) < 3)
    assert near == pytest.approx(0.68, abs=0.06)


def test_codes_of_a_wrong_scale_are_told_by_their_numbers(capsys):
    wrong = "return mean + keras.ops.exp(log_var) * keras.random.normal(keras.ops.shape(mean))"
    workshop.show_codes(sampling(wrong), mean=2.0, variance=9.0)
    found = float(capsys.readouterr().out.split("standard deviation: ")[1].split(",")[0])
    assert found == pytest.approx(9, abs=0.6)  # eight standard errors


def test_codes_without_noise_do_not_hide_the_curve(shown):
    workshop.show_codes(sampling("return mean"), mean=2.0, variance=9.0)
    (axis,) = shown["exercise-codes"].axes
    assert axis.lines[0].get_ydata().max() > axis.get_ylim()[1] / 5


def test_a_stub_leaves_the_expected_pictures(shown):
    workshop.show_codes(sampling(STUB), mean=2.0, variance=9.0)
    workshop.show_latent_loss(latent_loss(STUB))
    workshop.show_posterior(*tfp_answer(STUB))
    assert len(shown) == 3
    assert len(shown["exercise-codes"].axes[0].lines) == 1
    assert not bars(shown["exercise-codes"])
    assert [len(axis.lines) for axis in shown["exercise-latent-loss"].axes] == [1, 1]
    assert points(shown["exercise-latent-loss"]) == {}
    assert len(shown["exercise-posterior"].axes[0].images) == 1


def test_the_points_of_a_right_loss_lie_on_the_curves(shown):
    workshop.show_latent_loss(latent_loss(KL))
    found = points(shown["exercise-latent-loss"])
    mean, cost = found["mean"].T
    assert cost == pytest.approx(mean**2 / 2, abs=1e-5)
    log_var, cost = found["log_var"].T
    assert cost == pytest.approx((np.exp(log_var) - 1 - log_var) / 2, abs=1e-5)
    for axis in shown["exercise-latent-loss"].axes:
        z, expected = axis.lines[0].get_data()
        places, values = found[axis.get_xlabel()].T
        assert np.interp(places, z, expected) == pytest.approx(values, abs=0.01)


def test_values_that_are_not_finite_are_counted_and_the_others_drawn(capsys, shown):
    wrong = "return keras.ops.log(log_var[:, 0])"
    workshop.show_latent_loss(latent_loss(wrong))
    assert "23 of 30 values are not finite" in capsys.readouterr().out
    drawn = points(shown["exercise-latent-loss"])
    assert np.isfinite(drawn["log_var"][:, 1]).sum() == 7


def test_the_posterior_of_a_full_covariance_is_shown_with_its_weights(capsys, shown):
    workshop.show_posterior(*tfp_answer())
    assert f"{50 * 152:,} weights" in capsys.readouterr().out  # 7 x 7 pixels and a bias
    axes = [axis for axis in shown["exercise-posterior"].axes if axis.images]
    titles = [axis.get_title() for axis in axes]
    matrix = np.array(axes[titles.index("your encoder, untrained")].images[0].get_array())
    assert matrix.shape == (16, 16)
    assert np.array_equal(matrix, matrix.T)
    assert np.all(np.linalg.eigvalsh(matrix) > 0)
    assert np.abs(matrix[~np.eye(16, dtype=bool)]).max() > 1e-4


def test_a_posterior_with_independent_latents_has_nothing_off_its_diagonal(capsys):
    code = ENCODER.format(first="pass", times=1, family="IndependentNormal")
    space = answer(code.replace("        AddRate(),\n", ""))
    workshop.show_posterior(space["make_prior"], space["make_encoder"])
    assert "Off its diagonal the covariance reaches 0." in capsys.readouterr().out


@pytest.mark.parametrize(
    "prior",
    [
        "tfd.Sample(tfd.Normal(0.0, 1.0), encoded_size)",
        "tfd.Independent(tfd.Normal(tf.zeros(encoded_size), 1.0), 1)",
        "tfd.MultivariateNormalTriL(tf.zeros(encoded_size), tf.eye(encoded_size))",
    ],
)
def test_the_encoder_gets_a_prior_whose_kl_is_known_however_the_prior_is_written(prior, shown):
    wanted = "tfd.MultivariateNormalDiag(tf.zeros(encoded_size))"
    check = "tfd.kl_divergence(tfd.MultivariateNormalDiag(prior.mean()), prior)"
    code = ENCODER.format(first=check, times=1, family="MultivariateNormalTriL")
    space = answer(code.replace(f"return {wanted}", f"return {prior}"))
    assert type(space["make_prior"](3)).__name__ != "MultivariateNormalDiag"
    workshop.show_posterior(space["make_prior"], space["make_encoder"])
    assert shown


# Mistakes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: workshop.show_codes(sampling(DRAW)(), 2.0, 9.0), "Pass the class"),
        (lambda: workshop.train_vae(sampling=sampling(DRAW)()), "Pass the class"),
        (
            lambda: workshop.train_vae(sampling=sampling("return keras.ops.mean(mean, axis=0)")),
            r"made codes of shape \(10,\), expected codes of shape \(None, 10\)",
        ),
        (
            lambda: workshop.train_vae(sampling=sampling("return mean, log_var")),
            r"made an object of type \w+\.(tuple|list), expected codes",
        ),
        (lambda: workshop.show_codes(sampling("return inputs"), 2.0, 9.0), "returned 2 things"),
        (lambda: workshop.show_codes(sampling("pass"), 2.0, 9.0), "returned nothing"),
        (lambda: workshop.show_codes(sampling("return mean / 0"), 2.0, 9.0), "not finite"),
        (lambda: workshop.show_latent_loss(latent_loss("return mean")), r"shape \(15, 1\)"),
        (lambda: workshop.show_latent_loss(latent_loss("pass")), "returned nothing"),
        (lambda: workshop.show_posterior(*tfp_answer("return prior")), "expected a tf_keras"),
        (lambda: workshop.show_posterior(*tfp_answer("return None")), "returned nothing"),
        (
            lambda: workshop.show_posterior(lambda size: [0.0] * size, tfp_answer()[1]),
            "make_prior returned an object of type builtins.list",
        ),
        (
            lambda: workshop.show_posterior(
                *tfp_answer("return tf_keras.Sequential([tfkl.InputLayer(input_shape)])")
            ),
            "expected a distribution",
        ),
    ],
)
def test_a_mistake_is_told_in_one_sentence_and_the_notebook_goes_on(call, message, capsys):
    assert call() is None
    (line,) = capsys.readouterr().out.splitlines()
    assert re.search(message, line)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: workshop.show_codes(sampling(DRAW), 2.0, 0.0), "variance has to be positive"),
        (lambda: workshop.train_vae(), "needs a part of yours"),
    ],
)
def test_a_wrong_call_is_an_error(call, message):
    with pytest.raises(LatentsError, match=message):
        call()


def test_of_what_keras_says_around_an_error_only_the_error_is_repeated(capsys):
    line = "return mean + np.random.normal(size=mean.shape)"
    code = "import numpy as np\n" + SAMPLING.format(line)
    assert workshop.train_vae(sampling=answer("import keras\n" + code)["Sampling"]) is None
    (told,) = capsys.readouterr().out.splitlines()
    assert f"`{line}`, raised TypeError: 'NoneType' object cannot be" in told
    assert told.endswith("as an integer. Nothing was trained.")


# In a notebook


@pytest.mark.slow
def test_in_a_notebook_each_picture_appears_once_and_a_stub_is_known():
    cells = [
        f"%cd -q {workshop.__file__.rsplit('/', 3)[0]}\nfrom latents import workshop",
        SAMPLING.format(STUB),
        "workshop.show_codes(Sampling, mean=2.0, variance=9.0)",
        SAMPLING.format(DRAW),
        "workshop.show_codes(Sampling, mean=2.0, variance=9.0)",
        f"{LATENT_LOSS.format(STUB)}\nworkshop.train_vae(latent_loss=latent_loss)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    NotebookClient(notebook, timeout=300).execute(env=environment)  # Jupyter's own backend
    outputs = [cell.outputs for cell in notebook.cells]
    pictures = [sum("image/png" in output.get("data", {}) for output in found) for found in outputs]
    told = ["".join(o.text for o in found if o.get("name") == "stdout") for found in outputs]
    assert pictures == [0, 0, 1, 0, 1, 0]
    assert "not attempted yet" in told[2] and "not attempted yet" in told[5]
    assert "standard deviation" in told[4]
